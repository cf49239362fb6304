import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.reflect.ClassPath;
import io.trino.sql.parser.ParsingException;
import io.trino.sql.parser.SqlParser;
import io.trino.sql.tree.AddColumn;
import io.trino.sql.tree.Analyze;
import io.trino.sql.tree.Call;
import io.trino.sql.tree.Comment;
import io.trino.sql.tree.CreateCatalog;
import io.trino.sql.tree.CreateFunction;
import io.trino.sql.tree.CreateMaterializedView;
import io.trino.sql.tree.CreateRole;
import io.trino.sql.tree.CreateSchema;
import io.trino.sql.tree.CreateTable;
import io.trino.sql.tree.CreateTableAsSelect;
import io.trino.sql.tree.CreateView;
import io.trino.sql.tree.Deny;
import io.trino.sql.tree.DropCatalog;
import io.trino.sql.tree.DropColumn;
import io.trino.sql.tree.DropFunction;
import io.trino.sql.tree.DropMaterializedView;
import io.trino.sql.tree.DropNotNullConstraint;
import io.trino.sql.tree.DropRole;
import io.trino.sql.tree.DropSchema;
import io.trino.sql.tree.DropTable;
import io.trino.sql.tree.DropView;
import io.trino.sql.tree.ExecuteImmediate;
import io.trino.sql.tree.Extract;
import io.trino.sql.tree.Format;
import io.trino.sql.tree.FunctionCall;
import io.trino.sql.tree.Grant;
import io.trino.sql.tree.GrantObject;
import io.trino.sql.tree.GrantRoles;
import io.trino.sql.tree.Identifier;
import io.trino.sql.tree.Insert;
import io.trino.sql.tree.LikeClause;
import io.trino.sql.tree.Node;
import io.trino.sql.tree.Prepare;
import io.trino.sql.tree.QualifiedName;
import io.trino.sql.tree.Query;
import io.trino.sql.tree.RefreshMaterializedView;
import io.trino.sql.tree.RenameColumn;
import io.trino.sql.tree.RenameMaterializedView;
import io.trino.sql.tree.RenameSchema;
import io.trino.sql.tree.RenameTable;
import io.trino.sql.tree.RenameView;
import io.trino.sql.tree.ResetSession;
import io.trino.sql.tree.Revoke;
import io.trino.sql.tree.RevokeRoles;
import io.trino.sql.tree.SetAuthorizationStatement;
import io.trino.sql.tree.SetColumnType;
import io.trino.sql.tree.SetProperties;
import io.trino.sql.tree.SetRole;
import io.trino.sql.tree.SetSession;
import io.trino.sql.tree.ShowColumns;
import io.trino.sql.tree.ShowCreate;
import io.trino.sql.tree.ShowFunctions;
import io.trino.sql.tree.ShowGrants;
import io.trino.sql.tree.ShowRoleGrants;
import io.trino.sql.tree.ShowRoles;
import io.trino.sql.tree.ShowSchemas;
import io.trino.sql.tree.ShowTables;
import io.trino.sql.tree.Statement;
import io.trino.sql.tree.Table;
import io.trino.sql.tree.TableExecute;
import io.trino.sql.tree.TableFunctionInvocation;
import io.trino.sql.tree.Trim;
import io.trino.sql.tree.TruncateTable;
import io.trino.sql.tree.Update;
import io.trino.sql.tree.Use;
import io.trino.sql.tree.With;
import io.trino.sql.tree.WithQuery;
import io.trino.util.StatementUtils;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Modifier;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Locale.ENGLISH;

/**
 * Says what Trino's own parser makes of statements: one JSON string a line in, one JSON object a line out.
 * The default catalog and schema are the two arguments. With the argument {@code kinds} it lists all kinds of statements.
 */
public final class Oracle
{
    private static final SqlParser PARSER = new SqlParser();

    private final String catalog;
    private final String schema;
    private final Set<String> tables = new TreeSet<>();
    private final Set<String> catalogs = new TreeSet<>();
    private final Set<String> schemas = new TreeSet<>();
    private final Set<String> catalogSchemas = new TreeSet<>();
    private final Set<String> functions = new TreeSet<>();

    private Oracle(String catalog, String schema)
    {
        this.catalog = catalog;
        this.schema = schema;
    }

    public static void main(String[] arguments)
            throws Exception
    {
        ObjectMapper mapper = new ObjectMapper();
        if (arguments[0].equals("kinds")) {
            System.out.println(mapper.writeValueAsString(kinds()));
            return;
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        PrintStream out = new PrintStream(System.out, false, UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode answer = mapper.createObjectNode();
            try {
                new Oracle(arguments[0], arguments[1]).answer(mapper.readValue(line, String.class), answer);
            }
            catch (ParsingException e) {
                answer.put("error", e.getMessage());
            }
            out.println(mapper.writeValueAsString(answer));
        }
        out.flush();
    }

    private static Set<String> kinds()
            throws IOException
    {
        return ClassPath.from(Statement.class.getClassLoader()).getTopLevelClasses(Statement.class.getPackageName()).stream()
                .map(ClassPath.ClassInfo::load)
                .filter(type -> Statement.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers()))
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void answer(String sql, ObjectNode answer)
    {
        Statement statement = PARSER.createStatement(sql);
        if (statement instanceof ExecuteImmediate immediate) {
            statement = PARSER.createStatement(immediate.getStatement().getValue());
        }
        answer.put("query_type", statement.getClass().getSimpleName());
        answer.put("resource_group_query_type", StatementUtils.getQueryType(statement).map(Enum::name).orElse("UNKNOWN"));
        visit(statement, Set.of());
        list(answer, "tables", tables);
        list(answer, "catalogs", catalogs);
        list(answer, "schemas", schemas);
        list(answer, "catalog_schemas", catalogSchemas);
        list(answer, "functions", functions);
    }

    private static void list(ObjectNode answer, String name, Set<String> values)
    {
        ArrayNode list = answer.putArray(name);
        values.forEach(list::add);
    }

    /** Names in {@code visible} are those of the WITH clauses around the node. */
    private void visit(Node node, Set<String> visible)
    {
        name(node, visible);
        if (node instanceof Query query && query.getWith().isPresent()) {
            With with = query.getWith().get();
            visible = new HashSet<>(visible);
            for (WithQuery named : with.getQueries()) {
                String name = named.getName().getValue().toLowerCase(ENGLISH);
                if (with.isRecursive()) {
                    visible.add(name);
                }
                visit(named.getQuery(), Set.copyOf(visible));
                visible.add(name);
            }
        }
        for (Node child : node.getChildren()) {
            if (!(child instanceof With)) {
                visit(child, visible);
            }
        }
        // These are not among the children.
        switch (node) {
            case Prepare s -> visit(s.getStatement(), visible);
            case Update s -> visit(s.getTable(), visible);
            case TableExecute s -> visit(s.getTable(), visible);
            case Grant s -> visit(s.getGrantObject(), visible);
            case Deny s -> visit(s.getGrantObject(), visible);
            case Revoke s -> visit(s.getGrantObject(), visible);
            case ShowGrants s -> s.getGrantObject().ifPresent(object -> visit(object, Set.of()));
            default -> {}
        }
    }

    /** What the node itself names. */
    private void name(Node node, Set<String> visible)
    {
        switch (node) {
            case Table s -> {
                if (s.getName().getPrefix().isPresent() || !visible.contains(s.getName().getSuffix())) {
                    table(s.getName());
                }
            }
            case AddColumn s -> table(s.getName());
            case Analyze s -> table(s.getTableName());
            case CreateMaterializedView s -> table(s.getName());
            case CreateTable s -> table(s.getName());
            case CreateTableAsSelect s -> table(s.getName());
            case CreateView s -> table(s.getName());
            case DropColumn s -> table(s.getTable());
            case DropMaterializedView s -> table(s.getName());
            case DropNotNullConstraint s -> table(s.getTable());
            case DropTable s -> table(s.getTableName());
            case DropView s -> table(s.getName());
            case Insert s -> table(s.getTarget());
            case LikeClause s -> table(s.getTableName());
            case RefreshMaterializedView s -> table(s.getName());
            case RenameColumn s -> table(s.getTable());
            case RenameTable s -> renamed(s.getSource(), s.getTarget());
            case RenameView s -> renamed(s.getSource(), s.getTarget());
            case RenameMaterializedView s -> renamed(s.getSource(), s.getTarget());
            case SetColumnType s -> table(s.getTableName());
            case SetProperties s -> table(s.getName());
            case ShowColumns s -> table(s.getTable());
            case TruncateTable s -> table(s.getTableName());
            case Comment s -> {
                if (s.getType() != Comment.Type.COLUMN) {
                    table(s.getName());
                }
                else {
                    s.getName().getPrefix().ifPresent(this::table);
                }
            }
            case ShowCreate s -> {
                switch (s.getType()) {
                    case SCHEMA -> schema(s.getName().getParts());
                    case FUNCTION -> function(s.getName());
                    default -> table(s.getName());
                }
            }
            case GrantObject s -> entity(s.getEntityKind().orElse("TABLE"), s.getName());
            case SetAuthorizationStatement s -> entity(s.getOwnedEntityKind(), s.getSource());
            case CreateSchema s -> schema(s.getSchemaName().getParts());
            case DropSchema s -> schema(s.getSchemaName().getParts());
            case RenameSchema s -> {
                schema(s.getSource().getParts());
                String target = s.getTarget().getValue();
                schema(s.getSource().getPrefix().map(prefix -> List.of(prefix.toString(), target)).orElse(List.of(target)));
            }
            case ShowTables s -> schema(s.getSchema().map(QualifiedName::getParts).orElse(List.of(schema)));
            case ShowFunctions s -> s.getSchema().ifPresent(name -> schema(name.getParts()));
            case Use s -> schema(s.getCatalog().map(name -> List.of(name.getValue(), s.getSchema().getValue())).orElse(List.of(s.getSchema().getValue())));
            case ShowSchemas s -> catalog(s.getCatalog().map(Identifier::getValue).orElse(catalog));
            case CreateCatalog s -> catalog(s.getCatalogName().getValue());
            case DropCatalog s -> catalog(s.getCatalogName().getValue());
            case CreateRole s -> catalog(s.getCatalog());
            case DropRole s -> catalog(s.getCatalog());
            case GrantRoles s -> catalog(s.getCatalog());
            case RevokeRoles s -> catalog(s.getCatalog());
            case SetRole s -> catalog(s.getCatalog());
            case ShowRoles s -> catalog(s.getCatalog());
            case ShowRoleGrants s -> catalog(s.getCatalog());
            case SetSession s -> property(s.getName());
            case ResetSession s -> property(s.getName());
            case Call s -> procedure(s.getName());
            case TableFunctionInvocation s -> {
                functions.add(s.getName().toString());
                if (s.getName().getParts().size() > 1) {
                    procedure(s.getName());
                }
            }
            case FunctionCall s -> {
                functions.add(s.getName().toString());
                function(s.getName());
            }
            case Trim s -> functions.add("trim");
            case Extract s -> functions.add("extract");
            case Format s -> functions.add("format");
            case CreateFunction s -> function(s.getSpecification().getName());
            case DropFunction s -> function(s.getName());
            default -> {}
        }
    }

    private void table(QualifiedName name)
    {
        List<String> parts = name.getParts();
        switch (parts.size()) {
            case 1 -> table(catalog, schema, parts.get(0));
            case 2 -> table(catalog, parts.get(0), parts.get(1));
            case 3 -> table(parts.get(0), parts.get(1), parts.get(2));
            default -> {}
        }
    }

    private void table(String catalog, String schema, String table)
    {
        tables.add(catalog + "." + schema + "." + table);
        schema(List.of(catalog, schema));
    }

    /** What is missing in the new name is that of the old one. */
    private void renamed(QualifiedName source, QualifiedName target)
    {
        table(source);
        List<String> from = source.getParts();
        String fromCatalog = from.size() > 2 ? from.get(0) : catalog;
        String fromSchema = from.size() > 1 ? from.get(from.size() - 2) : schema;
        List<String> to = target.getParts();
        switch (to.size()) {
            case 1 -> table(fromCatalog, fromSchema, to.get(0));
            case 2 -> table(fromCatalog, to.get(0), to.get(1));
            default -> table(target);
        }
    }

    private void schema(List<String> parts)
    {
        switch (parts.size()) {
            case 1 -> schema(List.of(catalog, parts.get(0)));
            case 2 -> {
                String in = parts.get(0).toLowerCase(ENGLISH);
                String name = parts.get(1).toLowerCase(ENGLISH);
                catalogs.add(in);
                schemas.add(name);
                catalogSchemas.add(in + "." + name);
            }
            default -> {}
        }
    }

    private void catalog(Optional<Identifier> name)
    {
        name.ifPresent(identifier -> catalog(identifier.getValue()));
    }

    private void catalog(String name)
    {
        catalogs.add(name.toLowerCase(ENGLISH));
    }

    /** A procedure or a table function: a name without a catalog is of the default one. */
    private void procedure(QualifiedName name)
    {
        List<String> parts = name.getParts();
        if (parts.size() <= 3) {
            schema(parts.size() == 1 ? List.of(schema) : parts.subList(0, parts.size() - 1));
        }
    }

    /** A function is looked up in the SQL path, unless it has a catalog. */
    private void function(QualifiedName name)
    {
        if (name.getParts().size() == 3) {
            schema(name.getParts().subList(0, 2));
        }
    }

    private void property(QualifiedName name)
    {
        if (name.getParts().size() > 1) {
            catalog(name.getParts().get(0));
        }
    }

    private void entity(String kind, QualifiedName name)
    {
        switch (kind.toUpperCase(ENGLISH)) {
            case "TABLE", "VIEW", "MATERIALIZED VIEW" -> table(name);
            case "SCHEMA" -> schema(name.getParts());
            case "CATALOG" -> catalog(name.getParts().get(0));
            default -> {}
        }
    }
}
