import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.zip.CRC32;

/** Trino's JDBC driver, one step after the other; see tests/clients/README.md. */
public final class Client
{
    private final Connection connection;
    private long rows;
    private long checksum;
    private final List<String> values = new ArrayList<>();

    private Client(Connection connection)
    {
        this.connection = connection;
    }

    public static void main(String[] arguments)
    {
        String url = arguments[0];
        Properties properties = new Properties();
        properties.setProperty("user", arguments[1]);
        properties.setProperty("source", arguments[2]);
        if (url.startsWith("https:")) {
            properties.setProperty("SSL", "true");
            properties.setProperty("SSLTrustStorePath", arguments[3]);
        }
        String error = null;
        Client client = null;
        try (Connection connection = DriverManager.getConnection("jdbc:trino:" + url.substring(url.indexOf(':') + 1), properties)) {
            client = new Client(connection);
            for (int i = 4; i < arguments.length; i++) {
                String[] step = arguments[i].split(" ", 2);
                client.take(step[0], step.length > 1 ? step[1] : "");
            }
        }
        catch (Exception e) {
            error = e.getMessage();
        }
        System.out.println(client == null ? "{\"rows\":0,\"checksum\":0,\"values\":[],\"error\":" + quoted(error) + "}" : client.report(error));
    }

    private void take(String step, String sql)
            throws SQLException, InterruptedException
    {
        switch (step) {
            case "query", "heartbeat" -> query(sql, 0);
            case "idle" -> query(sql, 35);
            case "do" -> {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(sql);
                }
            }
            case "cancel" -> {
                try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(sql)) {
                    for (int row = 0; row < 1000 && result.next(); row++) {
                        count(result);
                    }
                    statement.cancel();
                    while (result.next()) {
                        // What had come before.
                    }
                }
            }
            case "execute" -> {
                try (PreparedStatement statement = connection.prepareStatement(sql)) {
                    statement.setString(1, "warren");
                    read(statement.executeQuery(), 0);
                }
            }
            case "begin" -> connection.setAutoCommit(false);
            case "commit" -> {
                connection.commit();
                connection.setAutoCommit(true);
            }
            default -> throw new IllegalArgumentException("no such step: " + step);
        }
    }

    private void query(String sql, int pause)
            throws SQLException, InterruptedException
    {
        try (Statement statement = connection.createStatement()) {
            read(statement.executeQuery(sql), pause);
        }
    }

    private void read(ResultSet result, int pause)
            throws SQLException, InterruptedException
    {
        for (int row = 1; result.next(); row++) {
            count(result);
            if (row == 1000) {
                Thread.sleep(pause * 1000L);
            }
        }
    }

    private void count(ResultSet result)
            throws SQLException
    {
        StringBuilder text = new StringBuilder();
        for (int column = 1; column <= result.getMetaData().getColumnCount(); column++) {
            text.append(column == 1 ? "" : "\t").append(result.getString(column));
        }
        CRC32 crc = new CRC32();
        crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
        rows++;
        checksum += crc.getValue();
        if (values.size() < 20) {
            values.add(quoted(text.toString()));
        }
    }

    private String report(String error)
    {
        return "{\"rows\":%d,\"checksum\":%d,\"values\":[%s],\"error\":%s}"
                .formatted(rows, checksum, String.join(",", values), quoted(error));
    }

    /** As JSON. */
    private static String quoted(String text)
    {
        if (text == null) {
            return "null";
        }
        StringBuilder json = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            }
            else if (c < ' ' || c > '~') {
                json.append("\\u%04x".formatted((int) c));
            }
            else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
