/** Trino without plugins, started as its own launcher does. */
public final class TrinoServer
{
    public static void main(String[] arguments)
    {
        new io.trino.server.Server().start("483");
    }
}
