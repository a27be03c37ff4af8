import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.OperationType;
import software.amazon.awssdk.services.dynamodb.model.Record;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;

/**
 * A worker of the Kinesis client library for 09-conformance: it prints each record of the
 * stream and checkpoints after each page. Its leases are in a table of the same endpoint. The
 * SDK finds the endpoint, the region and the credentials in the environment.
 */
public final class Reader {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) {
    String arn = System.getenv("STREAM_ARN");
    var streams = new AmazonDynamoDBStreamsAdapterClient(
        DynamoDbStreamsClient.create(), Region.of(System.getenv("AWS_REGION")));
    var start = InitialPositionInStreamExtended.newInitialPosition(
        InitialPositionInStream.valueOf(System.getenv("START")));
    var configs = new ConfigsBuilder(StreamsSchedulerFactory.createSingleStreamTracker(arn, start),
        "leases", streams, DynamoDbAsyncClient.create(), CloudWatchAsyncClient.create(),
        UUID.randomUUID().toString(), Printer::new);

    // Everything that the test would otherwise wait for.
    var leases = configs.leaseManagementConfig().failoverTimeMillis(4000).shardSyncIntervalMillis(2000)
        .leasesRecoveryAuditorExecutionFrequencyMillis(2000).billingMode(BillingMode.PAY_PER_REQUEST);
    leases.workerUtilizationAwareAssignmentConfig().disableWorkerMetrics(true); // they ask EC2 for them
    var coordinator = configs.coordinatorConfig().parentShardPollIntervalMillis(500);
    var retrieval = configs.retrievalConfig();
    retrieval.retrievalSpecificConfig(
        new DynamoDBStreamsPollingConfig(arn, streams).idleTimeBetweenReadsInMillis(250));

    Scheduler scheduler = StreamsSchedulerFactory.createScheduler(configs.checkpointConfig(), coordinator, leases,
        configs.lifecycleConfig(), configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
        configs.processorConfig(), retrieval, streams);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(scheduler)));
    scheduler.run();
  }

  /** Lets the worker shut down on SIGTERM. */
  private static void stop(Scheduler scheduler) {
    try {
      scheduler.startGracefulShutdown().get(9, TimeUnit.SECONDS);
    } catch (Exception e) {
      System.err.println("shutdown: " + e);
    }
  }

  /** Prints the records of a shard. */
  private static final class Printer implements DynamoDBStreamsShardRecordProcessor {
    @Override public void initialize(InitializationInput in) {}

    @Override public void processRecords(DynamoDBStreamsProcessRecordsInput in) {
      var lines = new StringBuilder();
      in.records().forEach(r -> lines.append(line(r.getRecord())).append('\n'));
      System.out.print(lines);
      System.out.flush();
      checkpoint(() -> in.checkpointer().checkpoint());
    }

    @Override public void leaseLost(LeaseLostInput in) {}

    @Override public void shardEnded(ShardEndedInput in) {
      checkpoint(() -> in.checkpointer().checkpoint());
    }

    @Override public void shutdownRequested(ShutdownRequestedInput in) {
      checkpoint(() -> in.checkpointer().checkpoint());
    }

    private interface Call {
      void run() throws Exception;
    }

    /** A checkpoint may fail because another worker has the lease: it reads on from the last one. */
    private void checkpoint(Call call) {
      try {
        call.run();
      } catch (Exception e) {
        System.err.println("checkpoint: " + e);
      }
    }
  }

  private static String line(Record r) {
    var change = r.dynamodb();
    var line = new LinkedHashMap<String, Object>();
    line.put("id", change.keys().get("id").s());
    line.put("sequence", change.sequenceNumber());
    line.put("kind", kind(r));
    line.put("new", change.hasNewImage() ? plain(change.newImage()) : null);
    line.put("old", change.hasOldImage() ? plain(change.oldImage()) : null);
    try {
      return JSON.writeValueAsString(line);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static String kind(Record r) {
    if (r.eventName() != OperationType.REMOVE) {
      return r.eventNameAsString();
    }
    var by = r.userIdentity();
    return by != null && "dynamodb.amazonaws.com".equals(by.principalId()) ? "expired" : "deleted";
  }

  private static Map<String, Object> plain(Map<String, AttributeValue> image) {
    var plain = new LinkedHashMap<String, Object>();
    image.forEach((name, value) -> plain.put(name, plain(value)));
    return plain;
  }

  /** A value in DynamoDB's JSON. */
  private static Map<String, Object> plain(AttributeValue v) {
    return switch (v.type()) {
      case S -> Map.of("S", v.s());
      case N -> Map.of("N", v.n());
      case B -> Map.of("B", base64(v.b()));
      case SS -> Map.of("SS", v.ss());
      case NS -> Map.of("NS", v.ns());
      case BS -> Map.of("BS", v.bs().stream().map(Reader::base64).toList());
      case M -> Map.of("M", plain(v.m()));
      case L -> Map.of("L", v.l().stream().map(Reader::plain).toList());
      case BOOL -> Map.of("BOOL", v.bool());
      case NUL -> Map.of("NULL", v.nul());
      case UNKNOWN_TO_SDK_VERSION -> throw new IllegalArgumentException("a value without a type: " + v);
    };
  }

  private static String base64(SdkBytes bytes) {
    return Base64.getEncoder().encodeToString(bytes.asByteArray());
  }
}
