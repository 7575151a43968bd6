package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

const (
	maxBulkRuns    = 100
	maxBulkPoints  = 25000
	maxPointsOfRun = 2500
)

func (h *handler) addMetricRoutes() {
	interval := streamed(h, intervalSpec(), h.metricHistoryInterval)
	h.add("2.0", http.MethodPost, "/mlflow/runs/log-batch", command(h, logBatchSpec(),
		func(ctx context.Context, q *logBatchRequest) error {
			return h.store.LogBatch(dynamodbstore.WithTimesAsGiven(ctx), q.LogBatchParams)
		}))
	h.add("2.0", http.MethodPost, "/mlflow/runs/log-metric", command(h, logMetricSpec(), h.logMetric))
	h.add("2.0", http.MethodGet, "/mlflow/metrics/get-history", streamed(h, historySpec(), h.metricHistory))
	h.add("2.0", http.MethodGet, "/mlflow/metrics/get-history-bulk-interval", interval)
	h.addPath(http.MethodGet, "/ajax-api/2.0/mlflow/metrics/get-history-bulk", h.admitted(h.metricHistoryBulk))
}

type logBatchRequest struct {
	dynamodbstore.LogBatchParams
	incomplete bool // something has no key, value or timestamp
}

func logBatchSpec() *wire.Spec[logBatchRequest] {
	return &wire.Spec[logBatchRequest]{
		Fields: []wire.Field{
			wire.F("run_id", wire.TypeString), wire.Messages("metrics", metricFields()...),
			wire.Messages("params", pairFields()...), wire.Messages("tags", pairFields()...),
		},
		Rules: []wire.Rule{
			textRequired("run_id"),
			{"metrics", []wire.Check{wire.IsArray(), wire.ItemsHave("key", "value", "timestamp")}},
			{"params", []wire.Check{wire.IsArray(), wire.ItemsHave("key")}},
			{"tags", []wire.Check{wire.IsArray(), wire.ItemsHave("key")}},
		},
		Scan: scanLogBatch,
		Fits: func(q *logBatchRequest) bool { return q.RunID != "" && !q.incomplete },
	}
}

func scanLogBatch(s *wire.Scanner, name []byte, q *logBatchRequest) {
	switch string(name) {
	case "run_id":
		q.RunID = s.TextOrNull()
	case "metrics":
		q.Metrics = nil
		if s.Null() {
			return
		}
		n := guessCount(s)
		q.Metrics = make([]dynamodbstore.Metric, 0, n)
		s.Keys = make([]string, min(n, 128))
		for first := s.Enter('['); s.Next(&first, ']'); {
			m, has := scanMetric(s)
			q.Metrics = append(q.Metrics, m)
			q.incomplete = q.incomplete || has != hasKey|hasValue|hasTimestamp
		}
	case "params":
		q.Params = nil
		if s.Null() {
			return
		}
		for first := s.Enter('['); s.Next(&first, ']'); {
			key, value := scanPair(s)
			q.Params = append(q.Params, dynamodbstore.Param{Key: key, Value: value})
			q.incomplete = q.incomplete || key == ""
		}
	case "tags":
		q.Tags = scanTags(s)
		for i := range q.Tags {
			q.incomplete = q.incomplete || q.Tags[i].Key == ""
		}
	default:
		s.Unknown(name)
	}
}

// guessCount guesses from the bytes that are left how many metrics follow.
func guessCount(s *wire.Scanner) int {
	const usual, most = 64, 1000
	return min((len(s.Data)-s.Pos)/usual+1, most)
}

// What a metric in a request has.
const (
	hasKey = 1 << iota
	hasValue
	hasTimestamp
)

func scanMetric(s *wire.Scanner) (m dynamodbstore.Metric, has int) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		name := s.Name()
		has |= scanMetricField(s, &m, name)
	}
	return m, has
}

func scanMetricField(s *wire.Scanner, m *dynamodbstore.Metric, name []byte) (has int) {
	switch string(name) {
	case "key":
		if m.Key = s.KeyOrNull(); m.Key != "" {
			return hasKey
		}
		s.Bad = true
	case "value":
		m.Value = s.Double()
		return hasValue
	case "timestamp":
		m.Timestamp = s.Int()
		return hasTimestamp
	case "step":
		m.Step = int64(scanOptionalInteger(s))
	case "model_id":
		m.ModelID = s.TextOrNull()
	case "dataset_name":
		m.DatasetName = s.TextOrNull()
	case "dataset_digest":
		m.DatasetDigest = s.TextOrNull()
	default:
		s.Unknown(name)
	}
	return 0
}

type logMetricRequest struct {
	runID, legacyID string
	metric          dynamodbstore.Metric
	has             int
}

func logMetricSpec() *wire.Spec[logMetricRequest] {
	return &wire.Spec[logMetricRequest]{
		Fields: append(metricFields(), wire.F("run_uuid", wire.TypeString)),
		Rules: []wire.Rule{
			requiredText("run_id"),
			requiredText("key"),
			{"value", []wire.Check{wire.Required(), wire.IsFloatLike()}},
			{"timestamp", []wire.Check{wire.IsIntLike(), wire.Required()}},
			integer("step"),
			text("model_id"), text("dataset_name"), text("dataset_digest"),
		},
		Scan: func(s *wire.Scanner, name []byte, q *logMetricRequest) {
			switch string(name) {
			case "run_id":
				q.runID = s.TextOrNull()
			case "run_uuid":
				q.legacyID = s.TextOrNull()
			default:
				q.has |= scanMetricField(s, &q.metric, name)
			}
		},
		Fits: func(q *logMetricRequest) bool {
			return q.runID != "" && q.has == hasKey|hasValue|hasTimestamp
		},
	}
}

func (h *handler) logMetric(ctx context.Context, q *logMetricRequest) error {
	if q.runID == "" {
		q.runID = q.legacyID
	}
	return h.store.LogMetric(dynamodbstore.WithTimesAsGiven(ctx), q.runID, q.metric)
}

type historyRequest struct {
	dynamodbstore.MetricHistoryParams
	legacyID string
}

func historySpec() *wire.Spec[historyRequest] {
	return &wire.Spec[historyRequest]{
		Fields: append(texts("run_id", "run_uuid", "metric_key", "page_token"), wire.F("max_results", wire.TypeInt32)),
		Rules:  []wire.Rule{textRequired("run_id"), textRequired("metric_key"), text("page_token")},
		Scan: func(s *wire.Scanner, name []byte, q *historyRequest) {
			switch string(name) {
			case "run_id":
				q.RunID = s.TextOrNull()
			case "run_uuid":
				q.legacyID = s.TextOrNull()
			case "metric_key":
				q.Key = s.TextOrNull()
			case "page_token":
				q.PageToken = s.TextOrNull()
			case "max_results":
				if q.MaxResults = 0; !s.Null() {
					q.MaxResults = nonZero(s.Int32())
				}
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *historyRequest) bool { return q.RunID != "" && q.Key != "" },
	}
}

func (h *handler) metricHistory(ctx context.Context, a *answer, q *historyRequest) error {
	if q.RunID == "" {
		q.RunID = q.legacyID
	}
	if q.MaxResults < 0 { // present, and not positive
		n := q.MaxResults
		if n == explicitZero {
			n = 0
		}
		return invalid("Invalid value " + strconv.Itoa(n) +
			" for parameter 'max_results' supplied. It must be a positive integer.")
	}
	p := a.beginPage("metrics")
	token, err := h.visitHistory(ctx, q.MetricHistoryParams, func(m dynamodbstore.Metric) error {
		a.b = a.spill(appendMetric(p.array(a), 2, &m))
		return a.err
	})
	if err != nil {
		return err
	}
	p.end(a, token)
	return nil
}

func intervalSpec() *wire.Spec[dynamodbstore.MetricHistoryIntervalParams] {
	return &wire.Spec[dynamodbstore.MetricHistoryIntervalParams]{
		Fields: []wire.Field{
			wire.List(wire.F("run_ids", wire.TypeString)), wire.F("metric_key", wire.TypeString),
			wire.F("start_step", wire.TypeInt32), wire.F("end_step", wire.TypeInt32), wire.F("max_results", wire.TypeInt32),
		},
		Rules: []wire.Rule{
			{"run_ids", []wire.Check{wire.Required(), wire.IsArray(), wire.ItemsAreStrings(), fewRuns()}},
			requiredText("metric_key"),
			integer("start_step"),
			integer("end_step"),
			{"max_results", []wire.Check{
				wire.IsIntLike(), wire.Between(1, maxPointsOfRun, pointsOutOfRange),
			}},
		},
		Scan: func(s *wire.Scanner, name []byte, q *dynamodbstore.MetricHistoryIntervalParams) {
			switch string(name) {
			case "run_ids":
				q.RunIDs = s.Texts()
			case "metric_key":
				q.Key = s.TextOrNull()
			case "start_step":
				q.StartStep = scanOptionalStep(s)
			case "end_step":
				q.EndStep = scanOptionalStep(s)
			case "max_results":
				q.MaxResults = scanOptionalInteger(s)
			default:
				s.Unknown(name)
			}
		},
		// The endpoint is only ever called with a query string.
		Fits: func(*dynamodbstore.MetricHistoryIntervalParams) bool { return false },
	}
}

func fewRuns() wire.Check {
	return wire.Check{Run: func(_ string, v *wire.Value) (string, bool) {
		if v == nil || len(v.List) <= maxBulkRuns {
			return "", true
		}
		return tooManyRuns(len(v.List)), false
	}}
}

const pointsOutOfRange = "max_results must be between 1 and 2500."

func tooManyRuns(n int) string {
	return "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received " + strconv.Itoa(n) + " run_ids."
}

func scanOptionalStep(s *wire.Scanner) *int64 {
	if s.Null() {
		return nil
	}
	return new(int64(s.Int32()))
}

func (h *handler) metricHistoryInterval(
	ctx context.Context, a *answer, q *dynamodbstore.MetricHistoryIntervalParams,
) error {
	points, err := h.interval(ctx, q)
	if err != nil {
		return err
	}
	a.b = appendInterval(a.b, points, a)
	return nil
}

// interval returns the points of a chart.
func (h *handler) interval(
	ctx context.Context, q *dynamodbstore.MetricHistoryIntervalParams,
) ([]dynamodbstore.RunMetric, error) {
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
	return h.store.MetricHistoryBulkInterval(ctx, *q)
}

func (h *handler) metricHistoryBulk(w http.ResponseWriter, r *http.Request) {
	q, err := bulkRequest(r.URL.RawQuery)
	if err != nil {
		h.writeError(w, r, err)
		return
	}
	var points []dynamodbstore.RunMetric
	if q.MaxResults > 0 {
		if points, err = h.store.MetricHistoryBulk(r.Context(), q); err != nil {
			h.writeError(w, r, err)
			return
		}
	}
	buf := getBuffer()
	defer putBuffer(buf)
	*buf = appendBulk(*buf, points)
	writeJSON(w, http.StatusOK, *buf)
}

// bulkRequest reads a request that has no protobuf message.
func bulkRequest(raw string) (dynamodbstore.MetricHistoryBulkParams, error) {
	q := dynamodbstore.MetricHistoryBulkParams{MaxResults: maxBulkPoints}
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
			return q, invalid(wire.InvalidValue("max_results", &wire.Value{Kind: wire.KindString, Text: limit}) + wire.SeeDocs)
		}
		q.MaxResults = min(n, maxBulkPoints)
	}
	return q, nil
}
