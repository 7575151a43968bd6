package rest

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// The bodies that come most often are scanned by hand. Each scan reads what the
// declaration reads of which it is a part, and reports whether the request
// follows its checks.

// What a metric in a request has.
const (
	hasKey = 1 << iota
	hasValue
	hasTimestamp
	hasAll = hasKey | hasValue | hasTimestamp
)

func scanLogBatch(s *wire.Scanner, q *mlflow.LogBatchParams) (complete bool) {
	complete = true
	for first := s.Enter('{'); s.Next(&first, '}'); {
		whole := true
		switch name := s.Name(); string(name) {
		case "run_id":
			q.RunID = s.Text()
		case "metrics":
			q.Metrics, whole = scanMetrics(s)
		case "params":
			q.Params, whole = scanParams(s)
		case "tags":
			q.Tags, whole = scanTags(s)
		default:
			s.Unknown(name)
		}
		complete = complete && whole
	}
	return complete && q.RunID != ""
}

// scanMetrics reads the metrics of a batch, and reports whether each has what
// it needs.
func scanMetrics(s *wire.Scanner) (metrics []mlflow.Metric, whole bool) {
	const usual, most, mostKeys = 64, 1000, 128
	whole = true
	if s.Null() {
		return nil, true
	}
	n := min(s.Left()/usual+1, most) // a guess
	metrics = make([]mlflow.Metric, 0, n)
	s.Remember(min(n, mostKeys))
	for first := s.Enter('['); s.Next(&first, ']'); {
		m, has := scanMetric(s)
		metrics = append(metrics, m)
		whole = whole && has == hasAll
	}
	if len(metrics) == 0 {
		return nil, whole
	}
	return metrics, whole
}

func scanMetric(s *wire.Scanner) (m mlflow.Metric, has int) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		name := s.Name()
		has |= scanMetricField(s, &m, name)
	}
	return m, has
}

func scanMetricField(s *wire.Scanner, m *mlflow.Metric, name []byte) (has int) {
	switch string(name) {
	case "key":
		if m.Key = s.Key(); m.Key != "" {
			return hasKey
		}
		s.Decline()
	case "value":
		m.Value = s.Double()
		return hasValue
	case "timestamp":
		m.Timestamp = s.Int()
		return hasTimestamp
	case "step":
		m.Step = scanOptionalInt(s)
	case "model_id":
		m.ModelID = s.Text()
	case "dataset_name":
		m.DatasetName = s.Text()
	case "dataset_digest":
		m.DatasetDigest = s.Text()
	default:
		if string(name) == "run_id" { // it is that of the batch
			s.Text()
			break
		}
		s.Unknown(name)
	}
	return 0
}

// scanOptionalInt reads an integer; null is zero.
func scanOptionalInt(s *wire.Scanner) int64 {
	if s.Null() {
		return 0
	}
	return s.Int()
}

// scanParams reads params, and reports whether all have keys.
func scanParams(s *wire.Scanner) (params []mlflow.Param, whole bool) {
	if s.Null() {
		return nil, true
	}
	whole = true
	for first := s.Enter('['); s.Next(&first, ']'); {
		key, value := scanPair(s)
		params = append(params, mlflow.Param{Key: key, Value: value})
		whole = whole && key != ""
	}
	return params, whole
}

// scanTags reads tags, and reports whether all have keys.
func scanTags(s *wire.Scanner) (tags []mlflow.Tag, whole bool) {
	if s.Null() {
		return nil, true
	}
	whole = true
	for first := s.Enter('['); s.Next(&first, ']'); {
		key, value := scanPair(s)
		tags = append(tags, mlflow.Tag{Key: key, Value: value})
		whole = whole && key != ""
	}
	return tags, whole
}

func scanPair(s *wire.Scanner) (key, value string) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "key":
			key = s.Text()
		case "value":
			value = s.Text()
		default:
			s.Unknown(name)
		}
	}
	return key, value
}

func scanLogMetric(s *wire.Scanner, q *logMetricRequest) (complete bool) {
	has := 0
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "run_id":
			q.runID = s.Text()
		case "run_uuid":
			q.legacyID = s.Text()
		default:
			has |= scanMetricField(s, &q.metric, name)
		}
	}
	return q.runID != "" && has == hasAll
}

// scanRunPair is for set-tag and log-parameter.
func scanRunPair(s *wire.Scanner, q *runRequest) (complete bool) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "run_id":
			q.id = s.Text()
		case "run_uuid":
			q.legacyID = s.Text()
		case "key":
			q.key = s.Text()
		case "value":
			q.value = s.Text()
		default:
			s.Unknown(name)
		}
	}
	return q.id != "" && q.key != ""
}

func scanCreateRun(s *wire.Scanner, q *mlflow.CreateRunParams) (complete bool) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "experiment_id":
			q.ExperimentID = s.Text()
		case "user_id":
			q.UserID = s.Text()
		case "run_name":
			q.Name = s.Text()
		case "start_time":
			q.StartTime = scanOptionalInt(s)
		case "tags":
			q.Tags, _ = scanTags(s)
		default:
			s.Unknown(name)
		}
	}
	return true
}

func scanSearchRuns(s *wire.Scanner, q *mlflow.SearchRunsParams) (complete bool) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "experiment_ids":
			q.ExperimentIDs = s.Texts()
		case "filter":
			q.Filter = s.Text()
		case "run_view_type":
			q.View = wire.Chosen(s, viewTypes())
		case "max_results":
			if q.MaxResults = 0; s.Null() {
				continue
			}
			if q.MaxResults = s.Int32(); q.MaxResults == 0 {
				q.MaxResults = wire.Zero
			}
		case "order_by":
			q.OrderBy = s.Texts()
		case "page_token":
			q.PageToken = s.Text()
		default:
			s.Unknown(name)
		}
	}
	return q.MaxResults <= maxRunsOfPage
}
