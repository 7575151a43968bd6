package rest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func golden(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

// TestAnswers sends what MLflow's own server was sent and wants the same
// answers, but for those that differences lists.
func TestAnswers(t *testing.T) {
	t.Parallel()
	var requests []struct {
		Method, Path, Body string
		Headers            map[string]string
		Bare               bool
	}
	var answers []struct {
		Status            int
		Type, Allow, Body string
	}
	require.NoError(t, json.Unmarshal(golden(t, "requests.json"), &requests))
	require.NoError(t, json.Unmarshal(golden(t, "answers.json"), &answers))
	require.Len(t, answers, len(requests))
	s := newServer(t)
	for i, q := range requests {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			want := answers[i]
			r := httptest.NewRequestWithContext(t.Context(), q.Method, "/", strings.NewReader(unsurrogate(q.Body)))
			path, raw, _ := strings.Cut(q.Path, "?")
			var err error
			r.URL.Path, err = url.PathUnescape(path)
			require.NoError(t, err)
			r.URL.RawQuery = raw
			r.Host = "127.0.0.1:5000"
			if (q.Method == http.MethodPost || q.Method == http.MethodPut) && !q.Bare {
				r.Header.Set("Content-Type", "application/json")
			}
			for k, v := range q.Headers {
				r.Header.Set(k, v)
			}
			if host := q.Headers["Host"]; host != "" {
				r.Host = host
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			what := q.Method + " " + q.Path + " " + q.Body
			if ours, ok := differences()[q.Method+" "+path+" "+q.Body]; ok {
				require.Equal(t, ours, w.Body.String(), what)
				return
			}
			require.Equal(t, want.Status, w.Code, what)
			require.Equal(t, spaceless(want.Body), spaceless(w.Body.String()), what)
			require.Equal(t, want.Type, w.Header().Get("Content-Type"), what)
			require.Equal(t, sortedMethods(want.Allow), sortedMethods(w.Header().Get("Allow")), what)
		})
	}
}

// spaceless undoes the different spacing of FastAPI's errors.
func spaceless(s string) string {
	return strings.NewReplacer(`", "`, `","`, `": "`, `":"`).Replace(s)
}

func sortedMethods(s string) string {
	methods := strings.Split(s, ", ")
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// unsurrogate puts the bytes back that Python wrote as halves of surrogates.
// Go reads those as U+FFFD.
func unsurrogate(s string) string { return strings.ReplaceAll(s, "\ufffd", "\xff") }

// differences are the answers that are meant to differ: where MLflow goes on
// with half a request or fails with a 500, the request is refused.
func differences() map[string]string {
	refused := func(text string) string {
		return string(appendError(nil, &dynamodbstore.Error{Code: dynamodbstore.CodeInvalidParameterValue, Message: text + wire.SeeDocs}))
	}
	const api = "POST /api/2.0/mlflow/"
	return map[string]string{
		api + `experiments/search {"view_type":[]}`: refused(
			`Invalid value [] for parameter 'view_type' supplied:  Hint: Value was of type 'list'.`),
		api + `runs/update {"run_id":"zz","end_time":null,"run_name":4}`: refused(
			`Invalid value 4 for parameter 'run_name' supplied:  Hint: Value was of type 'int'.`),
		api + `runs/log-batch {"run_id":"zz","metrics":[{"key":"a","value":1,"timestamp":2,"modelId":"a","step":"7"}],` +
			`"params":null,"zzz":{"a":[1,{"b":null}]}}`: string(appendError(nil, &dynamodbstore.Error{
			Code: dynamodbstore.CodeResourceDoesNotExist, Message: "Run with id=zz not found",
		})),
	}
}

type goldenTags []struct{ Key, Value string }

func (g goldenTags) tags() (tags []dynamodbstore.Tag) {
	for _, t := range g {
		tags = append(tags, dynamodbstore.Tag(t))
	}
	return tags
}

type goldenMetrics []struct {
	Key             string
	Value           any
	Timestamp, Step int64
	RunID           string `json:"run_id"`
}

func (g goldenMetrics) metrics() (metrics []dynamodbstore.RunMetric) {
	for _, m := range g {
		v, ok := m.Value.(float64)
		if !ok {
			v, _ = strconv.ParseFloat(m.Value.(string), 64)
		}
		metrics = append(metrics, dynamodbstore.RunMetric{RunID: m.RunID, Metric: dynamodbstore.Metric{
			Key: m.Key, Value: v, Timestamp: m.Timestamp, Step: m.Step,
		}})
	}
	return metrics
}

func (g goldenMetrics) plain() (metrics []dynamodbstore.Metric) {
	for _, m := range g.metrics() {
		metrics = append(metrics, m.Metric)
	}
	return metrics
}

type goldenInfo struct {
	RunID        string `json:"run_id"`
	ExperimentID string `json:"experiment_id"`
	RunName      string `json:"run_name"`
	UserID       string `json:"user_id"`
	Status       string
	StartTime    int64  `json:"start_time"`
	EndTime      *int64 `json:"end_time"`
	ArtifactURI  string `json:"artifact_uri"`
	Stage        string `json:"lifecycle_stage"`
}

func (g goldenInfo) info() dynamodbstore.RunInfo {
	return dynamodbstore.RunInfo{
		RunID: g.RunID, ExperimentID: g.ExperimentID, Name: g.RunName, UserID: g.UserID,
		Status: dynamodbstore.RunStatus(g.Status), StartTime: g.StartTime, EndTime: g.EndTime,
		ArtifactURI: g.ArtifactURI, LifecycleStage: dynamodbstore.LifecycleStage(g.Stage),
	}
}

type goldenRun struct {
	Info goldenInfo
	Data struct {
		Metrics goldenMetrics
		Params  goldenTags
		Tags    goldenTags
	}
	Inputs struct {
		DatasetInputs []struct {
			Tags    goldenTags
			Dataset struct {
				Name, Digest, Source, Schema, Profile string
				SourceType                            string `json:"source_type"`
			}
		} `json:"dataset_inputs"`
		ModelInputs []struct {
			ModelID string `json:"model_id"`
		} `json:"model_inputs"`
	}
}

func (g goldenRun) run() *dynamodbstore.Run {
	r := &dynamodbstore.Run{Info: g.Info.info(), Metrics: g.Data.Metrics.plain(), Tags: g.Data.Tags.tags()}
	for _, p := range g.Data.Params {
		r.Params = append(r.Params, dynamodbstore.Param(p))
	}
	for _, d := range g.Inputs.DatasetInputs {
		r.Inputs.Datasets = append(r.Inputs.Datasets, dynamodbstore.DatasetInput{
			Tags: d.Tags.tags(),
			Dataset: dynamodbstore.Dataset{
				Name: d.Dataset.Name, Digest: d.Dataset.Digest, SourceType: d.Dataset.SourceType,
				Source: d.Dataset.Source, Schema: d.Dataset.Schema, Profile: d.Dataset.Profile,
			},
		})
	}
	for _, m := range g.Inputs.ModelInputs {
		r.Inputs.Models = append(r.Inputs.Models, m.ModelID)
	}
	return r
}

type goldenExperiment struct {
	ID       string `json:"experiment_id"`
	Name     string
	Location string `json:"artifact_location"`
	Stage    string `json:"lifecycle_stage"`
	Updated  int64  `json:"last_update_time"`
	Created  int64  `json:"creation_time"`
	Tags     goldenTags
}

func (g goldenExperiment) experiment() *dynamodbstore.Experiment {
	return &dynamodbstore.Experiment{
		ID: g.ID, Name: g.Name, ArtifactLocation: g.Location, LifecycleStage: dynamodbstore.LifecycleStage(g.Stage),
		CreationTime: g.Created, LastUpdateTime: g.Updated, Tags: g.Tags.tags(),
	}
}

// TestEncoders reads what MLflow's server sent with another JSON package and
// wants it back to the byte.
func TestEncoders(t *testing.T) {
	t.Parallel()
	type document struct {
		Experiment  goldenExperiment
		Experiments []goldenExperiment
		Run         goldenRun
		RunInfo     goldenInfo `json:"run_info"`
		Runs        []goldenRun
		Metrics     goldenMetrics
		Token       string `json:"next_page_token"`
	}
	open := func(key string) []byte { return wire.AppendKey([]byte("{"), 1, key) }
	runs := func(d document) (page dynamodbstore.Page[*dynamodbstore.Run]) {
		for _, r := range d.Runs {
			page.Items = append(page.Items, r.run())
		}
		page.NextPageToken = d.Token
		return page
	}
	for name, encode := range map[string]func(d document) []byte{
		"experiment.json": func(d document) []byte {
			return wire.AppendOne(nil, "experiment", d.Experiment.experiment(), appendExperiment)
		},
		"experiments.json": func(d document) []byte {
			page := dynamodbstore.Page[*dynamodbstore.Experiment]{NextPageToken: d.Token}
			for _, e := range d.Experiments {
				page.Items = append(page.Items, e.experiment())
			}
			return appendPage(nil, "experiments", page, appendExperiment, nil)
		},
		"created_run.json": func(d document) []byte {
			return wire.CloseObject(appendRun(open("run"), d.Run.run(), 1, true, nil), 0)
		},
		"run.json": func(d document) []byte {
			return wire.CloseObject(appendRun(open("run"), d.Run.run(), 1, false, nil), 0)
		},
		"updated_run.json": func(d document) []byte {
			info := d.RunInfo.info()
			return wire.CloseObject(appendRunInfo(open("run_info"), &info, 1), 0)
		},
		"runs.json":      func(d document) []byte { return appendRuns(nil, runs(d)) },
		"runs_page.json": func(d document) []byte { return appendRuns(nil, runs(d)) },
		"history.json": func(d document) []byte {
			return appendHistory(nil, dynamodbstore.Page[dynamodbstore.Metric]{Items: d.Metrics.plain()})
		},
		"interval.json": func(d document) []byte { return appendInterval(nil, d.Metrics.metrics(), nil) },
		"bulk.json":     func(d document) []byte { return appendBulk(nil, d.Metrics.metrics()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := golden(t, name)
			var d document
			require.NoError(t, json.Unmarshal(want, &d))
			require.Equal(t, string(want), string(encode(d)))
		})
	}
}

func TestEmptyAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range [][]byte{
		appendRuns(nil, dynamodbstore.Page[*dynamodbstore.Run]{}),
		appendPage(nil, "experiments", dynamodbstore.Page[*dynamodbstore.Experiment]{}, appendExperiment, nil),
		appendHistory(nil, dynamodbstore.Page[dynamodbstore.Metric]{}),
		appendInterval(nil, nil, nil),
	} {
		require.Equal(t, []byte("{}"), answer)
	}
}
