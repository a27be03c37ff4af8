import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
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
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.retrieval.RetrievalConfig;

/**
 * A worker of the Kinesis client library that prints a line for each record of a stream:
 * its sequence number, "expired" or the event's name, and the item's id, until it
 * is killed.
 */
public final class Worker {
  public static void main(String[] args) {
    if (args.length != 3) {
      System.err.println("usage: Worker ENDPOINT STREAM-ARN NAME");
      System.exit(2);
    }
    URI endpoint = URI.create(args[0]);
    String arn = args[1];
    var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));
    var region = Region.US_EAST_1;
    var tables = DynamoDbAsyncClient.builder()
        .endpointOverride(endpoint).region(region).credentialsProvider(credentials).build();
    var streams = new AmazonDynamoDBStreamsAdapterClient(DynamoDbStreamsClient.builder()
        .endpointOverride(endpoint).region(region).credentialsProvider(credentials).build(), region);
    var metrics = CloudWatchAsyncClient.builder() // never used: see NullMetricsFactory
        .endpointOverride(endpoint).region(region).credentialsProvider(credentials).build();
    var start = InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);
    var configs = new ConfigsBuilder(StreamsSchedulerFactory.createSingleStreamTracker(arn, start),
        "kcl-leases", streams, tables, metrics, args[2], Printer::new);

    // Everything that a test would otherwise wait for.
    var leases = configs.leaseManagementConfig().failoverTimeMillis(4000).shardSyncIntervalMillis(2000)
        .leasesRecoveryAuditorExecutionFrequencyMillis(2000).billingMode(
            software.amazon.awssdk.services.dynamodb.model.BillingMode.PAY_PER_REQUEST);
    leases.workerUtilizationAwareAssignmentConfig().disableWorkerMetrics(true); // they ask EC2 for them
    var coordinator = configs.coordinatorConfig().parentShardPollIntervalMillis(500);
    RetrievalConfig retrieval = configs.retrievalConfig();
    var polling = new DynamoDBStreamsPollingConfig(arn, streams);
    polling.idleTimeBetweenReadsInMillis(250);
    retrieval.retrievalSpecificConfig(polling);

    Scheduler scheduler = StreamsSchedulerFactory.createScheduler(configs.checkpointConfig(), coordinator, leases,
        configs.lifecycleConfig(), configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
        configs.processorConfig(), retrieval, streams);
    scheduler.run();
  }

  /** Prints the records of a shard, and checkpoints after each page. */
  private static final class Printer implements DynamoDBStreamsShardRecordProcessor {
    private String shard;

    @Override public void initialize(InitializationInput in) {
      shard = in.shardId();
      System.err.println("begins " + shard);
    }

    @Override public void processRecords(DynamoDBStreamsProcessRecordsInput in) {
      var lines = new StringBuilder();
      in.records().forEach(r -> {
        Record record = r.getRecord();
        boolean expired = record.userIdentity() != null && "Service".equals(record.userIdentity().type());
        lines.append(record.dynamodb().sequenceNumber()).append(' ')
            .append(expired ? "EXPIRED" : record.eventNameAsString()).append(' ')
            .append(record.dynamodb().keys().get("id").s()).append('\n');
      });
      System.out.print(lines);
      System.out.flush();
      checkpoint(() -> in.checkpointer().checkpoint());
    }

    @Override public void leaseLost(LeaseLostInput in) {
      System.err.println("lost " + shard);
    }

    @Override public void shardEnded(ShardEndedInput in) {
      System.err.println("ended " + shard);
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
        System.err.println("checkpoint of " + shard + ": " + e);
      }
    }
  }
}
