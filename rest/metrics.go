package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
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

func logBatchSpec() *spec[logBatchRequest] {
	return &spec[logBatchRequest]{
		fields: []field{
			f("run_id", typeString), messages("metrics", metricFields()...),
			messages("params", pairFields()...), messages("tags", pairFields()...),
		},
		rules: []rule{
			textRequired("run_id"),
			{"metrics", []check{isArray(), itemsHave("key", "value", "timestamp")}},
			{"params", []check{isArray(), itemsHave("key")}},
			{"tags", []check{isArray(), itemsHave("key")}},
		},
		scan: scanLogBatch,
		fits: func(q *logBatchRequest) bool { return q.RunID != "" && !q.incomplete },
	}
}

func scanLogBatch(s *scanner, name []byte, q *logBatchRequest) {
	switch string(name) {
	case "run_id":
		q.RunID = s.strOrNull()
	case "metrics":
		q.Metrics = nil
		if s.null() {
			return
		}
		n := guessCount(s)
		q.Metrics = make([]dynamodbstore.Metric, 0, n)
		s.keys = make([]string, min(n, 128))
		for first := s.enter('['); s.next(&first, ']'); {
			m, has := scanMetric(s)
			q.Metrics = append(q.Metrics, m)
			q.incomplete = q.incomplete || has != hasKey|hasValue|hasTimestamp
		}
	case "params":
		q.Params = nil
		if s.null() {
			return
		}
		for first := s.enter('['); s.next(&first, ']'); {
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
		s.unknown(name)
	}
}

// guessCount guesses from the bytes that are left how many metrics follow.
func guessCount(s *scanner) int {
	const usual, most = 64, 1000
	return min((len(s.data)-s.pos)/usual+1, most)
}

// What a metric in a request has.
const (
	hasKey = 1 << iota
	hasValue
	hasTimestamp
)

func scanMetric(s *scanner) (m dynamodbstore.Metric, has int) {
	for first := s.enter('{'); s.next(&first, '}'); {
		name := s.name()
		has |= scanMetricField(s, &m, name)
	}
	return m, has
}

func scanMetricField(s *scanner, m *dynamodbstore.Metric, name []byte) (has int) {
	switch string(name) {
	case "key":
		if m.Key = s.keyOrNull(); m.Key != "" {
			return hasKey
		}
		s.bad = true
	case "value":
		m.Value = s.double()
		return hasValue
	case "timestamp":
		m.Timestamp = s.integer()
		return hasTimestamp
	case "step":
		m.Step = int64(scanOptionalInteger(s))
	case "model_id":
		m.ModelID = s.strOrNull()
	case "dataset_name":
		m.DatasetName = s.strOrNull()
	case "dataset_digest":
		m.DatasetDigest = s.strOrNull()
	default:
		s.unknown(name)
	}
	return 0
}

type logMetricRequest struct {
	runID, legacyID string
	metric          dynamodbstore.Metric
	has             int
}

func logMetricSpec() *spec[logMetricRequest] {
	return &spec[logMetricRequest]{
		fields: append(metricFields(), f("run_uuid", typeString)),
		rules: []rule{
			requiredText("run_id"),
			requiredText("key"),
			{"value", []check{required(), isFloatLike()}},
			{"timestamp", []check{isIntLike(), required()}},
			integer("step"),
			text("model_id"), text("dataset_name"), text("dataset_digest"),
		},
		scan: func(s *scanner, name []byte, q *logMetricRequest) {
			switch string(name) {
			case "run_id":
				q.runID = s.strOrNull()
			case "run_uuid":
				q.legacyID = s.strOrNull()
			default:
				q.has |= scanMetricField(s, &q.metric, name)
			}
		},
		fits: func(q *logMetricRequest) bool {
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

func historySpec() *spec[historyRequest] {
	return &spec[historyRequest]{
		fields: append(texts("run_id", "run_uuid", "metric_key", "page_token"), f("max_results", typeInt32)),
		rules:  []rule{textRequired("run_id"), textRequired("metric_key"), text("page_token")},
		scan: func(s *scanner, name []byte, q *historyRequest) {
			switch string(name) {
			case "run_id":
				q.RunID = s.strOrNull()
			case "run_uuid":
				q.legacyID = s.strOrNull()
			case "metric_key":
				q.Key = s.strOrNull()
			case "page_token":
				q.PageToken = s.strOrNull()
			case "max_results":
				if q.MaxResults = 0; !s.null() {
					q.MaxResults = nonZero(s.integer32())
				}
			default:
				s.unknown(name)
			}
		},
		fits: func(q *historyRequest) bool { return q.RunID != "" && q.Key != "" },
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

func intervalSpec() *spec[dynamodbstore.MetricHistoryIntervalParams] {
	return &spec[dynamodbstore.MetricHistoryIntervalParams]{
		fields: []field{
			list(f("run_ids", typeString)), f("metric_key", typeString),
			f("start_step", typeInt32), f("end_step", typeInt32), f("max_results", typeInt32),
		},
		rules: []rule{
			{"run_ids", []check{required(), isArray(), itemsAreStrings(), fewRuns()}},
			requiredText("metric_key"),
			integer("start_step"),
			integer("end_step"),
			{"max_results", []check{
				isIntLike(), between(1, maxPointsOfRun, pointsOutOfRange),
			}},
		},
		scan: func(s *scanner, name []byte, q *dynamodbstore.MetricHistoryIntervalParams) {
			switch string(name) {
			case "run_ids":
				q.RunIDs = s.strs()
			case "metric_key":
				q.Key = s.strOrNull()
			case "start_step":
				q.StartStep = scanOptionalStep(s)
			case "end_step":
				q.EndStep = scanOptionalStep(s)
			case "max_results":
				q.MaxResults = scanOptionalInteger(s)
			default:
				s.unknown(name)
			}
		},
		// The endpoint is only ever called with a query string.
		fits: func(*dynamodbstore.MetricHistoryIntervalParams) bool { return false },
	}
}

func fewRuns() check {
	return check{run: func(_ string, v *node) (string, bool) {
		if v == nil || len(v.list) <= maxBulkRuns {
			return "", true
		}
		return tooManyRuns(len(v.list)), false
	}}
}

const pointsOutOfRange = "max_results must be between 1 and 2500."

func tooManyRuns(n int) string {
	return "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received " + strconv.Itoa(n) + " run_ids."
}

func scanOptionalStep(s *scanner) *int64 {
	if s.null() {
		return nil
	}
	return new(int64(s.integer32()))
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
	for _, p := range parseQuery(raw) {
		switch {
		case p.key == "run_id":
			q.RunIDs = append(q.RunIDs, p.value)
		case p.key == "metric_key" && !hasKey:
			q.Key, hasKey = p.value, true
		case p.key == "max_results" && limit == "":
			limit = p.value
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
			return q, invalid(invalidValue("max_results", &node{kind: kindString, text: limit}) + seeDocs)
		}
		q.MaxResults = min(n, maxBulkPoints)
	}
	return q, nil
}
