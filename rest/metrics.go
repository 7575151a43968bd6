package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

const (
	maxBulkRuns    = 100
	maxBulkPoints  = 25000
	maxPointsOfRun = 2500
)

// metricEndpoints are the endpoints that log metrics, and show their histories.
type metricEndpoints struct {
	store stores
	failures
}

func (x metricEndpoints) addTo(h *handler) {
	interval := streamed(h, declareInterval(), x.metricHistoryInterval)
	h.add("2.0", http.MethodPost, "/mlflow/runs/log-batch", command(h, declareLogBatch(),
		func(ctx context.Context, q *mlflow.LogBatchParams) error {
			return x.store.of(ctx).LogBatch(mlflow.WithTimesAsGiven(ctx), *q)
		}))
	h.add("2.0", http.MethodPost, "/mlflow/runs/log-metric", command(h, declareLogMetric(), x.logMetric))
	h.add("2.0", http.MethodGet, "/mlflow/metrics/get-history", streamed(h, declareHistory(), x.metricHistory))
	h.add("2.0", http.MethodGet, "/mlflow/metrics/get-history-bulk-interval", interval)
	h.addPath(http.MethodGet, "/ajax-api/2.0/mlflow/metrics/get-history-bulk", h.admitted(x.metricHistoryBulk))
}

func declareLogBatch() *wire.Request[mlflow.LogBatchParams] {
	return wire.Declare(func(q *mlflow.LogBatchParams) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.RunID).IsText().Required(),
			wire.Objects("metrics", &q.Metrics, metricFields).IsList().EachHas("key", "value", "timestamp"),
			wire.Objects("params", &q.Params, paramFields).IsList().EachHas("key"),
			wire.Objects("tags", &q.Tags, tagFields).IsList().EachHas("key"),
		}
	}).ScannedBy(scanLogBatch)
}

type logMetricRequest struct {
	runID, legacyID string
	metric          mlflow.Metric
}

func declareLogMetric() *wire.Request[logMetricRequest] {
	return wire.Declare(func(q *logMetricRequest) []wire.Field {
		m := &q.metric
		return []wire.Field{
			wire.Text("key", &m.Key).Required().IsText(),
			wire.Double("value", &m.Value).Required().IsNumber(),
			wire.Int64("timestamp", &m.Timestamp).IsInt().Required(),
			wire.Int64("step", &m.Step).IsInt(),
			wire.Text("dataset_name", &m.DatasetName).IsText(),
			wire.Text("dataset_digest", &m.DatasetDigest).IsText(),
			wire.Text("model_id", &m.ModelID).IsText(),
			wire.Text("run_id", &q.runID).Required().IsText(),
			wire.Text("run_uuid", &q.legacyID),
		}
	}).CheckedIn("run_id", "key", "value", "timestamp", "step", "model_id", "dataset_name", "dataset_digest").
		ScannedBy(scanLogMetric)
}

func (x metricEndpoints) logMetric(ctx context.Context, q *logMetricRequest) error {
	if q.runID == "" {
		q.runID = q.legacyID
	}
	return x.store.of(ctx).LogMetric(mlflow.WithTimesAsGiven(ctx), q.runID, q.metric)
}

type historyRequest struct {
	mlflow.MetricHistoryParams
	legacyID string
}

func declareHistory() *wire.Request[historyRequest] {
	return wire.Declare(func(q *historyRequest) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.RunID).IsText().Required(),
			wire.Text("run_uuid", &q.legacyID),
			wire.Text("metric_key", &q.Key).IsText().Required(),
			wire.Text("page_token", &q.PageToken).IsText(),
			wire.Size32("max_results", &q.MaxResults),
		}
	})
}

func (x metricEndpoints) metricHistory(ctx context.Context, a *answer, q *historyRequest) error {
	if q.RunID == "" {
		q.RunID = q.legacyID
	}
	if q.MaxResults < 0 { // present, and not positive
		n := q.MaxResults
		if n == wire.Zero {
			n = 0
		}
		return invalid("Invalid value " + strconv.Itoa(n) +
			" for parameter 'max_results' supplied. It must be a positive integer.")
	}
	p := a.beginPage("metrics")
	token, err := x.visitHistory(ctx, q.MetricHistoryParams, func(m mlflow.Metric) error {
		a.b = a.spill(appendMetric(p.array(a), 2, &m))
		return a.err
	})
	if err != nil {
		return err
	}
	p.end(a, token)
	return nil
}

func declareInterval() *wire.Request[mlflow.MetricHistoryIntervalParams] {
	return wire.Declare(func(q *mlflow.MetricHistoryIntervalParams) []wire.Field {
		return []wire.Field{
			wire.Texts("run_ids", &q.RunIDs).Required().IsList().HasTexts().AtMost(maxBulkRuns, tooManyRuns),
			wire.Text("metric_key", &q.Key).Required().IsText(),
			wire.OptionalInt32("start_step", &q.StartStep).IsInt(),
			wire.OptionalInt32("end_step", &q.EndStep).IsInt(),
			wire.Int32("max_results", &q.MaxResults).IsInt().Between(1, maxPointsOfRun, pointsOutOfRange),
		}
	})
}

const pointsOutOfRange = "max_results must be between 1 and 2500."

func tooManyRuns(n int) string {
	return "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received " + strconv.Itoa(n) + " run_ids."
}

func (x metricEndpoints) metricHistoryInterval(
	ctx context.Context, a *answer, q *mlflow.MetricHistoryIntervalParams,
) error {
	points, err := x.interval(ctx, q)
	if err != nil {
		return err
	}
	a.b = appendInterval(a.b, points, a)
	return nil
}

// interval returns the points of a chart.
func (x metricEndpoints) interval(
	ctx context.Context, q *mlflow.MetricHistoryIntervalParams,
) ([]mlflow.RunMetric, error) {
	switch {
	case (q.StartStep == nil) != (q.EndStep == nil):
		return nil, invalid("If either start step or end step are specified, both must be specified.")
	case q.StartStep != nil && *q.StartStep > *q.EndStep:
		return nil, invalid("end_step must be greater than start_step. Found start_step=" +
			strconv.FormatInt(*q.StartStep, 10) + " and end_step=" + strconv.FormatInt(*q.EndStep, 10) + ".")
	}
	if q.MaxResults == 0 {
		q.MaxResults = maxPointsOfRun
	}
	return x.store.of(ctx).MetricHistoryBulkInterval(ctx, *q)
}

func (x metricEndpoints) metricHistoryBulk(w http.ResponseWriter, r *http.Request) {
	q, err := bulkRequest(r.URL.RawQuery)
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	var points []mlflow.RunMetric
	if q.MaxResults > 0 {
		if points, err = x.store.of(r.Context()).MetricHistoryBulk(r.Context(), q); err != nil {
			x.writeError(w, r, err)
			return
		}
	}
	buf := getBuffer()
	defer putBuffer(buf)
	*buf = appendBulk(*buf, points)
	writeJSON(w, http.StatusOK, *buf)
}

// bulkRequest reads a request that has no protobuf message.
func bulkRequest(raw string) (mlflow.MetricHistoryBulkParams, error) {
	q := mlflow.MetricHistoryBulkParams{MaxResults: maxBulkPoints}
	limit, hasKey := "", false
	for _, p := range wire.ParseQuery(raw) {
		switch {
		case p.Key == "run_id":
			q.RunIDs = append(q.RunIDs, p.Value)
		case p.Key == "metric_key" && !hasKey:
			q.Key, hasKey = p.Value, true
		case p.Key == "max_results" && limit == "":
			limit = p.Value
		}
	}
	switch {
	case len(q.RunIDs) == 0:
		return q, invalid("GetMetricHistoryBulk request must specify at least one run_id.")
	case len(q.RunIDs) > maxBulkRuns:
		return q, invalid("GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received " +
			strconv.Itoa(len(q.RunIDs)) + " run_ids.")
	case !hasKey:
		return q, invalid("GetMetricHistoryBulk request must specify a metric_key.")
	case limit != "":
		n, err := strconv.Atoi(strings.TrimSpace(limit))
		if err != nil {
			return q, invalid(wire.InvalidValue("max_results", &wire.Value{Kind: wire.KindString, Text: limit}))
		}
		q.MaxResults = min(n, maxBulkPoints)
	}
	return q, nil
}
