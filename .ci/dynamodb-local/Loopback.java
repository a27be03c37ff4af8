import java.util.Arrays;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Runs DynamoDB Local with its ordinary options, but on 127.0.0.1 only: by itself it listens on
 * every address of the machine and has no option against that.
 */
public class Loopback {
  public static void main(String[] args) throws Exception {
    DynamoDBProxyServer dynamodb = ServerRunner.createServerFromCommandLineArgs(args);
    var field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Arrays.stream(((Server) field.get(dynamodb)).getConnectors())
        .forEach(connector -> ((ServerConnector) connector).setHost("127.0.0.1"));
    dynamodb.safeStart();
    dynamodb.join();
  }
}
