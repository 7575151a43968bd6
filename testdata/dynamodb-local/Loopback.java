import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Runs DynamoDB Local on a free port of 127.0.0.1 only; ServerRunner would listen on every address. Prints "listening"
 * and the port once it serves, and ends when its standard input does, so that it never outlives the tests.
 */
public final class Loopback {
  public static void main(String[] args) throws Exception {
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
}
