import java.lang.reflect.Field;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;
import software.amazon.dynamodb.services.local.shared.access.sqlite.SQLiteLibraryLoader;

/**
 * Runs DynamoDB Local on a free port of 127.0.0.1 only; ServerRunner would listen on every address. Prints "listening"
 * and the port once it serves, and ends when its standard input does, so that it never outlives the tests.
 */
public final class Loopback {
  public static void main(String[] args) throws Exception {
    loadLibrary();
    DynamoDBProxyServer proxy = ServerRunner.createServerFromCommandLineArgs(args);
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Server server = (Server) field.get(proxy);
    List<ServerConnector> connectors = new ArrayList<>();
    for (Connector c : server.getConnectors()) {
      ServerConnector connector = (ServerConnector) c;
      connector.setHost("127.0.0.1");
      connector.setPort(0);
      connectors.add(connector);
    }
    proxy.start();
    System.out.println("listening " + connectors.get(0).getLocalPort());
    System.out.flush();
    while (System.in.read() >= 0) {
      // nothing is sent
    }
    Runtime.getRuntime().halt(0);
  }

  /**
   * Loads SQLite's library from a copy that is deleted at once. The one that DynamoDB Local would make stays in the
   * temporary directory whenever the process is killed.
   */
  private static void loadLibrary() throws Exception {
    String usual = System.getProperty("java.io.tmpdir");
    Path own = Files.createTempDirectory("dynamodb-local");
    System.setProperty("java.io.tmpdir", own.toString());
    try {
      SQLiteLibraryLoader.initialize();
    } finally {
      System.setProperty("java.io.tmpdir", usual);
      try (DirectoryStream<Path> copies = Files.newDirectoryStream(own)) {
        for (Path copy : copies) {
          Files.delete(copy);
        }
      }
      Files.delete(own);
    }
  }
}
