package validate

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// The texts in this file are answers of MLflow 3.17.2.

const (
	badChars = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.)," +
		" spaces ( ), colon(:) and slashes (/)."
	badPath = "Names may be treated as files in certain cases, and must not resolve to other names" +
		" when treated as such. This name would resolve to "
)

func requireInvalid(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	e, ok := errors.AsType[*mlflow.Error](err)
	require.True(t, ok, "want %q, got %v", want, err)
	require.Equal(t, mlflow.CodeInvalidParameterValue, e.Code)
	require.Equal(t, want, e.Message)
	require.ErrorIs(t, err, mlflow.ErrInvalid)
}

func TestValidateName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, key, want string
	}{
		{"plain", "val_loss/epoch 1:x.y-z", ""},
		{"unicode", "größe/温度", ""},
		{"digits of any script", "x²٣", ""},
		{"line feed at the end", "ab\n", `Invalid value "ab\n" for parameter 'metrics[0].name' supplied: ` + badChars},
		{"line feed after a letter beyond ASCII", "\u00e9\n", `Invalid value "\u00e9\n" for parameter 'metrics[0].name' supplied: ` + badChars},
		{"dots within", "a..b", ""},
		{"hidden", ".a", ""},
		{"line feed within", "a\nb", `Invalid value "a\nb" for parameter 'metrics[0].name' supplied: ` + badChars},
		{"NUL and quote", "a\x00\"", `Invalid value "a\u0000\"" for parameter 'metrics[0].name' supplied: ` + badChars},
		{"emoji", "a😀", `Invalid value "a\ud83d\ude00" for parameter 'metrics[0].name' supplied: ` + badChars},
		{"combining mark", "e\u0301", `Invalid value "e\u0301" for parameter 'metrics[0].name' supplied: ` + badChars},
		{"empty", "", `Invalid value "" for parameter 'metrics[0].name' supplied: ` + badPath + `'.'`},
		{"dot", ".", `Invalid value "." for parameter 'metrics[0].name' supplied: ` + badPath + `'.'`},
		{"double slash", "a//é", `Invalid value "a//\u00e9" for parameter 'metrics[0].name' supplied: ` + badPath + `'a/é'`},
		{"trailing slash", "a/", `Invalid value "a/" for parameter 'metrics[0].name' supplied: ` + badPath + `'a'`},
		{"inner dot", "a/./b", `Invalid value "a/./b" for parameter 'metrics[0].name' supplied: ` + badPath + `'a/b'`},
		{"parent", "../ab", `Invalid value "../ab" for parameter 'metrics[0].name' supplied: ` + badPath + `'../ab'`},
		{"starts with two dots", "..a", `Invalid value "..a" for parameter 'metrics[0].name' supplied: ` + badPath + `'..a'`},
		{"root", "/a", `Invalid value "/a" for parameter 'metrics[0].name' supplied: ` + badPath + `'/a'`},
		{"two slashes first", "//a/../b", `Invalid value "//a/../b" for parameter 'metrics[0].name' supplied: ` + badPath + `'//b'`},
		{"three slashes first", "///a", `Invalid value "///a" for parameter 'metrics[0].name' supplied: ` + badPath + `'/a'`},
		{"up and out", "a/../..", `Invalid value "a/../.." for parameter 'metrics[0].name' supplied: ` + badPath + `'..'`},
		{"longest", strings.Repeat("é", 250), ""},
		{"too long", strings.Repeat("a", 251), "'Metric name' exceeds the maximum length of 250 characters"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			requireInvalid(t, Metric(mlflow.Metric{Key: tc.key}, "metrics[0]"), tc.want)
			if validKey(tc.key) {
				require.Empty(t, tc.want, "the fast check must not accept what the slow one refuses")
			}
		})
	}
}

func TestValidateMetricTimestamp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value float64
		repr  string
	}{
		{1, "1.0"},
		{1.5, "1.5"},
		{math.Inf(1), "inf"},
		{math.Inf(-1), "-inf"},
		{math.NaN(), "nan"},
		{1e16, "1e+16"},
		{1e15, "1000000000000000.0"},
		{1e-5, "1e-05"},
		{0.0001, "0.0001"},
		{-0.5, "-0.5"},
		{1e300, "1e+300"},
	} {
		err := Metric(mlflow.Metric{Key: "a", Value: tc.value, Timestamp: -5}, "metrics[0]")
		requireInvalid(t, err, "Invalid value -5 for parameter 'metrics[0].timestamp' supplied: metric 'a' (value="+
			tc.repr+"). Timestamp must be a nonnegative long (64-bit integer) ")
	}
	err := Metric(mlflow.Metric{Key: "a*", Timestamp: -5}, "")
	requireInvalid(t, err, `Invalid value "a*" for parameter 'name' supplied: `+badChars)
}

func TestValidateParam(t *testing.T) {
	t.Parallel()
	_, err := Param(mlflow.Param{Key: "a*"}, "", true)
	requireInvalid(t, err, `Invalid value "a*" for parameter 'key' supplied: `+badChars)
	_, err = Param(mlflow.Param{Key: strings.Repeat("a", 251)}, "params[0]", true)
	requireInvalid(t, err, "'Param key' exceeds the maximum length of 250 characters")

	long := strings.Repeat("é", 6001)
	_, err = Param(mlflow.Param{Key: "a", Value: long}, "params[0]", false)
	requireInvalid(t, err, "'Param value' exceeds the maximum length of 6000 characters")
	p, err := Param(mlflow.Param{Key: "a", Value: long}, "params[0]", true)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("é", 6000), p.Value)
}

func TestValidateTag(t *testing.T) {
	t.Parallel()
	_, err := Tag(mlflow.Tag{Key: "/a"}, "tags[0]", true)
	requireInvalid(t, err, `Invalid value "/a" for parameter 'tags[0].key' supplied: `+badPath+`'/a'`)
	_, err = Tag(mlflow.Tag{Key: strings.Repeat("a", 251)}, "tags[0]", true)
	requireInvalid(t, err, "'tags[0].key' exceeds the maximum length of 250 characters")
	_, err = Tag(mlflow.Tag{Key: strings.Repeat("a", 251)}, "", true)
	requireInvalid(t, err, "'key' exceeds the maximum length of 250 characters")

	long := strings.Repeat("😀", 8001)
	_, err = Tag(mlflow.Tag{Key: "a", Value: long}, "", false)
	requireInvalid(t, err, "'value' exceeds the maximum length of 8000 characters")
	tag, err := Tag(mlflow.Tag{Key: "a", Value: long}, "", true)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("😀", 8000), tag.Value)
}

func TestValidateRunID(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ id, want string }{
		{"06f119e664d44f77bfaa0522a18b5921", ""},
		{"aé", ""},
		{"a\n", `Invalid value "a\n" for parameter 'run_id' supplied.`},
		{"a" + strings.Repeat("b", 255), ""},
		{"a" + strings.Repeat("b", 256), "x"},
		{"", `Invalid value "" for parameter 'run_id' supplied.`},
		{"-x", `Invalid value "-x" for parameter 'run_id' supplied.`},
		{"éa", `Invalid value "\u00e9a" for parameter 'run_id' supplied.`},
		{"a b", `Invalid value "a b" for parameter 'run_id' supplied.`},
	} {
		if tc.want == "x" {
			tc.want = `Invalid value "` + tc.id + `" for parameter 'run_id' supplied.`
		}
		requireInvalid(t, RunID(tc.id), tc.want)
	}
}

func TestValidateExperiment(t *testing.T) {
	t.Parallel()
	for _, blank := range []string{"", "  ", "\n", "\u00a0", "\x1c\u3000"} {
		requireInvalid(t, ExperimentName(blank), "Invalid experiment name: '"+blank+"'")
	}
	requireInvalid(t, ExperimentName(" x "), "")
	requireInvalid(t, ExperimentName(strings.Repeat("é", 500)), "")
	requireInvalid(t, ExperimentName(strings.Repeat("é", 501)), "'name' exceeds the maximum length of 500 characters")

	requireInvalid(t, ExperimentTag("/x", ""), `Invalid value "/x" for parameter 'key' supplied: `+badPath+`'/x'`)
	requireInvalid(t, ExperimentTag(strings.Repeat("k", 251), ""), "'key' exceeds the maximum length of 250 characters")
	requireInvalid(t, ExperimentTag("k", strings.Repeat("v", 20000)), "")
	requireInvalid(t, ExperimentTag("k", strings.Repeat("v", 20001)), "'value' exceeds the maximum length of 20000 characters")

	for _, id := range []string{"0", "12", " 7 ", "+1", "-1", "1_000", "٣"} {
		requireInvalid(t, ExperimentID(id), "")
	}
	for _, id := range []string{"", "abc", "1.0", "1__0", "_1", "1_", "--1", "0x1", "1 2"} {
		requireInvalid(t, ExperimentID(id), "Invalid experiment ID '"+id+"'. Experiment ID must be a valid integer.")
	}
}

func TestValidateRetentionTag(t *testing.T) {
	t.Parallel()
	const (
		object = "Trace archival config must be encoded as a JSON object."
		form   = "Trace archival retention must be in the form `<int><unit>`, where unit is one of 'm', 'h', or 'd'."
	)
	for _, tc := range []struct{ key, value, want string }{
		{retentionTag, `x`, object},
		{retentionTag, `[]`, object},
		{retentionTag, `null`, object},
		{retentionTag, `{}`, "Trace archival config must use type 'duration'."},
		{retentionTag, `{"type":"duration","value":" 30d "}`, ""},
		{retentionTag, `{"type":"duration","value":"030d"}`, form},
		{retentionTag, `{"type":"duration","value":"d"}`, form},
		{retentionTag, `{"type":"duration","value":"3dd"}`, form},
		{retentionTag, `{"type":"duration","value":3}`, form},
		{retentionTag, `{"type":"duration","value":"` + strings.Repeat("9", 32) + `d"}`, "Trace archival duration must be at most 32 characters."},
		{archiveNowTag, `{}`, ""},
		{archiveNowTag, `{"older_than":"x"}`, form},
		{archiveNowTag, ``, object},
	} {
		requireInvalid(t, ExperimentTag(tc.key, tc.value), tc.want)
	}
}

func TestValidateArtifactLocation(t *testing.T) {
	t.Parallel()
	const params = "'artifact_location' URL can't include fragments or params."
	for _, tc := range []struct{ uri, want string }{
		{"s3://b/p", ""},
		{"s3://b/p;x", ""},
		{"a/b;c/d", ""},
		{"/tmp/../x", ""},
		{"/a?x=y", ""},
		{"s3://b/p#f", params},
		{"/a;x", params},
		{"http://a/b;c", params},
		{"/a?x=..", "Invalid query string"},
		{"/a?x=%252e%252e", "Invalid query string"},
		{"runs:/x", "Artifact location cannot be a runs:/ URI. Given: 'runs:/x'"},
		{"s3://b/" + strings.Repeat("p", 2041), ""},
		{"s3://b/" + strings.Repeat("p", 2042), "Invalid artifact path length. The length of the artifact path cannot be " +
			"greater than 2048 characters. To configure this limit, please set the " +
			"MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable."},
	} {
		requireInvalid(t, ArtifactLocation(tc.uri), tc.want)
	}
}

func TestValidateBatch(t *testing.T) {
	t.Parallel()
	metrics := func(n int) []mlflow.Metric {
		out := make([]mlflow.Metric, n)
		for i := range out {
			out[i].Key = "m"
		}
		return out
	}
	params := func(n int) []mlflow.Param {
		out := make([]mlflow.Param, n)
		for i := range out {
			out[i].Key = "p" + strconv.Itoa(i)
		}
		return out
	}
	tags := func(n int) []mlflow.Tag { return make([]mlflow.Tag, n) }
	full := tags(101)
	for i := range full {
		full[i].Key = "t"
	}
	tooMany := func(limit, n, what string) string {
		return "A batch logging request can contain at most " + limit + " " + what + ". Got " + n + " " + what +
			". Please split up " + what + " across multiple requests and try again."
	}
	for _, tc := range []struct {
		name string
		in   mlflow.LogBatchParams
		want string
	}{
		{"empty", mlflow.LogBatchParams{RunID: "r"}, ""},
		{"run id first", mlflow.LogBatchParams{RunID: "-", Metrics: metrics(1001)}, `Invalid value "-" for parameter 'run_id' supplied.`},
		{
			"data before limits",
			mlflow.LogBatchParams{RunID: "r", Metrics: metrics(1001), Tags: []mlflow.Tag{{Key: "*"}}},
			`Invalid value "*" for parameter 'tags[0].key' supplied: ` + badChars,
		},
		{"metrics", mlflow.LogBatchParams{RunID: "r", Metrics: metrics(1001)}, tooMany("1000", "1001", "metrics")},
		{"params", mlflow.LogBatchParams{RunID: "r", Params: params(101)}, tooMany("100", "101", "params")},
		{"tags", mlflow.LogBatchParams{RunID: "r", Tags: full}, tooMany("100", "101", "tags")},
		{
			"total",
			mlflow.LogBatchParams{RunID: "r", Metrics: metrics(950), Params: params(51)},
			tooMany("1000", "1001", "metrics, params, and tags"),
		},
		{
			"duplicate params",
			mlflow.LogBatchParams{RunID: "r", Params: []mlflow.Param{{Key: "p", Value: "1"}, {Key: "p", Value: "1"}, {Key: "q", Value: ""}, {Key: "q", Value: ""}, {Key: "p", Value: "2"}}},
			`Duplicate parameter keys have been submitted: ['p', 'q', 'p']. Please ensure ` +
				`the request contains only one param value per param key.`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Batch(tc.in, true)
			requireInvalid(t, err, tc.want)
		})
	}
}

func TestValidateBatchTruncates(t *testing.T) {
	t.Parallel()
	in := mlflow.LogBatchParams{
		RunID:  "r",
		Params: []mlflow.Param{{Key: "a", Value: "1"}, {Key: "b", Value: strings.Repeat("x", 7000)}},
		Tags:   []mlflow.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: strings.Repeat("x", 9000)}},
	}
	out, err := Batch(in, true)
	require.NoError(t, err)
	require.Len(t, out.Params[1].Value, 6000)
	require.Len(t, out.Tags[1].Value, 8000)
	require.Len(t, in.Params[1].Value, 7000, "the caller's batch is left alone")
	require.Len(t, in.Tags[1].Value, 9000)

	_, err = Batch(in, false)
	requireInvalid(t, err, "'Param value' exceeds the maximum length of 6000 characters")
}

func TestValidateDatasetInputs(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("é", n) }
	for _, tc := range []struct {
		in   mlflow.DatasetInput
		want string
	}{
		{mlflow.DatasetInput{Dataset: mlflow.Dataset{Name: long(500), Digest: long(36)}}, ""},
		{mlflow.DatasetInput{Dataset: mlflow.Dataset{Name: long(501)}}, "'name' exceeds the maximum length of 500 characters"},
		{mlflow.DatasetInput{Dataset: mlflow.Dataset{Digest: long(37)}}, "'digest' exceeds the maximum length of 36 characters"},
		{mlflow.DatasetInput{Dataset: mlflow.Dataset{Source: long(65536)}}, "'source' exceeds the maximum length of 65535 characters"},
		{mlflow.DatasetInput{Dataset: mlflow.Dataset{Schema: long(1048576)}}, "'schema' exceeds the maximum length of 1048575 characters"},
		{mlflow.DatasetInput{Dataset: mlflow.Dataset{Profile: long(16777216)}}, "'profile' exceeds the maximum length of 16777215 characters"},
		{mlflow.DatasetInput{Tags: []mlflow.Tag{{Key: long(256)}}}, "'key' exceeds the maximum length of 255 characters"},
		{mlflow.DatasetInput{Tags: []mlflow.Tag{{Value: long(501)}}}, "'value' exceeds the maximum length of 500 characters"},
	} {
		requireInvalid(t, DatasetInputs([]mlflow.DatasetInput{{}, tc.in}), tc.want)
	}
}

func TestValidateMaxResults(t *testing.T) {
	t.Parallel()
	requireInvalid(t, MaxResults(1, 50000), "")
	requireInvalid(t, MaxResults(50000, 50000), "")
	requireInvalid(t, MaxResults(0, 50000), "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer")
	requireInvalid(t, MaxResults(50001, 50000), "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000")
}

func BenchmarkValidateBatch(b *testing.B) {
	p := mlflow.LogBatchParams{RunID: "06f119e664d44f77bfaa0522a18b5921"}
	for i := range 1000 {
		p.Metrics = append(p.Metrics, mlflow.Metric{Key: "train/layer_" + strconv.Itoa(i%50) + ".loss"})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Batch(p, true); err != nil {
			b.Fatal(err)
		}
	}
}
