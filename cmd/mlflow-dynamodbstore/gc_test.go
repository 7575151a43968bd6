package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// litter fills the embedded table in a directory, or $TABLE: experiment 1,
// deleted, with a run that has an artifact in a directory, and the default one,
// with a run that is deleted. The id of that is in the variable RUN then.
func litter(t *testing.T, ts *testscript.TestScript, args []string) {
	t.Helper()
	var s *dynamodbstore.Store
	var err error
	if args[0] == "$TABLE" {
		s, err = dynamodbstore.New(ddblocal.Client(t), ts.Getenv("TABLE"))
	} else {
		s, err = local.Open(t.Context(), ts.MkAbs(args[0]))
	}
	ts.Check(err)
	run, err := fillTable(t.Context(), s, ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(s.Close())
	ts.Setenv("RUN", run)
}

func fillTable(ctx context.Context, s *dynamodbstore.Store, artifacts string) (string, error) {
	exp, err := s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "lab"})
	if err != nil {
		return "", err
	}
	var run string
	for _, id := range []string{exp, dynamodbstore.DefaultExperimentID} {
		r, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: id, Name: "a run", StartTime: 1700000000000})
		if err != nil {
			return "", err
		}
		run = r.Info.RunID
		if err := s.LogMetric(ctx, run, dynamodbstore.Metric{Key: "loss", Value: 1, Timestamp: 1700000000000}); err != nil {
			return "", err
		}
		dir := filepath.Join(artifacts, id, run, "artifacts", "model")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, "weights"), []byte("x"), 0o600); err != nil {
			return "", err
		}
	}
	if err := s.DeleteRun(ctx, run); err != nil {
		return "", err
	}
	return run, s.DeleteExperiment(ctx, exp)
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "12h": 12 * time.Hour, "1d2h3m4s": 26*time.Hour + 3*time.Minute + 4*time.Second,
		"1.5d": 36 * time.Hour, "0s": 0, "2m4s": 124 * time.Second, "99999999999999d": 1 << 62,
	} {
		got, err := parseAge(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "xx", "1w", "2h1d", "d", "-1d", "1.2.3d", "1 d", "."} {
		_, err := parseAge(text)
		require.ErrorContains(t, err, "Could not parse any time information from '"+text+"'", text)
	}
}

// TestGCLocked: a table that a server holds is collected by the server.
func TestGCLocked(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"gc", "--uri", "local:" + lockedDir(t)}, deps{stdout: &out, stderr: &errs, env: noEnv})
	require.Equal(t, exitFailed, code)
	require.Empty(t, out.String())
	require.Contains(t, errs.String(), "open in another process")
	require.Contains(t, errs.String(), "--gc-every")
}

// TestServerCollects: a server collects now and then, and stops with it.
func TestServerCollects(t *testing.T) {
	t.Parallel()
	p := start(t, noEnv, "--gc-every", "10ms")
	require.Eventually(t, func() bool { return strings.Count(p.stderr.String(), "garbage is collected") > 2 },
		10*time.Second, 10*time.Millisecond, "%s", p.stderr)
	require.NotContains(t, p.stderr.String(), "level=WARN")
	p.stop()
	require.Equal(t, exitOK, <-p.exit)
}

// TestRemoveArtifacts removes artifacts wherever they are.
func TestRemoveArtifacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(path string) string {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		return path
	}
	r := &artifactRemover{buckets: newBucketOpener(noEnv), destination: dir, log: deps{stderr: &bytes.Buffer{}}.warnings()}
	kept := file("1/b/artifacts/x")
	for path, uri := range map[string]string{
		"1/a/artifacts/x":   "mlflow-artifacts:/1/a/artifacts",
		"1/c/artifacts/d/x": "mlflow-artifacts://host:5000/1/c/artifacts",
		"1/e/artifacts/x":   "http://host/api/2.0/mlflow-artifacts/artifacts/1/e/artifacts",
		"2/a/artifacts/x":   "file://" + dir + "/2/a/artifacts",
		"3/a b/artifacts/x": "file:" + dir + "/3/a%20b/artifacts",
		"4/a/artifacts/x":   filepath.Join(dir, "4/a/artifacts"),
	} {
		gone := file(path)
		require.NoError(t, r.remove(t.Context(), uri), uri)
		require.NoFileExists(t, gone)
		run, _, _ := strings.Cut(gone, "/artifacts")
		require.NoDirExists(t, run)
		require.NoError(t, r.remove(t.Context(), uri), "again")
	}
	require.FileExists(t, kept)
	require.Error(t, r.remove(t.Context(), "mlflow-artifacts:/../x/artifacts"))
	require.Zero(t, r.left)
	require.NoError(t, r.remove(t.Context(), "dbfs:/x/artifacts"))
	require.Equal(t, int64(1), r.left)
	r.destination = ""
	require.NoError(t, r.remove(t.Context(), "mlflow-artifacts:/1/b/artifacts"))
	require.Equal(t, int64(2), r.left)
	require.FileExists(t, kept)
}

// TestRemoveObjects removes what is below a prefix of a bucket.
func TestRemoveObjects(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	var mu sync.Mutex
	var removed []string
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch r.Method {
		case http.MethodGet:
			if r.URL.Query().Get("prefix") != "mlflow/1/a/artifacts/" {
				t.Errorf("listed %s", r.URL)
			}
			list := `<ListBucketResult><IsTruncated>false</IsTruncated>`
			for _, name := range []string{"x", "d/y"} {
				list += `<Contents><Key>mlflow/1/a/artifacts/` + name + `</Key><Size>1</Size><ETag>"0a"</ETag>` +
					`<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`
			}
			_, _ = w.Write([]byte(list + `</ListBucketResult>`))
		case http.MethodDelete:
			removed = append(removed, r.URL.Path)
			w.WriteHeader(http.StatusNoContent)
		case http.MethodHead:
			w.WriteHeader(http.StatusOK)
		}
	}))
	t.Cleanup(s3.Close)
	r := &artifactRemover{
		buckets: newBucketOpener(env("MLFLOW_S3_ENDPOINT_URL", s3.URL)), destination: "s3://bucket/mlflow/",
		log: deps{stderr: &bytes.Buffer{}}.warnings(),
	}
	require.NoError(t, r.remove(t.Context(), "mlflow-artifacts:/1/a/artifacts"))
	require.NoError(t, r.remove(t.Context(), "s3://bucket/mlflow/1/a/artifacts"))
	require.Equal(t, []string{
		"/bucket/mlflow/1/a/artifacts/x", "/bucket/mlflow/1/a/artifacts/d/y",
		"/bucket/mlflow/1/a/artifacts/x", "/bucket/mlflow/1/a/artifacts/d/y",
	}, removed)
}

// TestProgressLines: off a terminal a long pass logs lines, a short one none.
func TestProgressLines(t *testing.T) {
	t.Parallel()
	s, err := local.Open(t.Context(), local.Memory)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	var errs bytes.Buffer
	cmd := newRootCmd(deps{stdout: &bytes.Buffer{}, stderr: &errs, env: noEnv})
	cmd.SetContext(t.Context())
	require.NoError(t, withProgress(cmd, "pass", func(report func(dynamodbstore.Progress)) error {
		_, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{PassOptions: dynamodbstore.PassOptions{Progress: report}})
		return err
	}))
	require.Empty(t, errs.String())

	var bar bytes.Buffer
	require.NoError(t, withBar(&bar, "pass", func(report func(dynamodbstore.Progress)) error {
		for seen := range int64(3) {
			report(dynamodbstore.Progress{Seen: seen, Changed: 1, Total: 3})
		}
		return nil
	}))
	require.Contains(t, bar.String(), "pass")
}
