package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

func noEnv(string) (string, bool) { return "", false }

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// buffer collects what a server writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// process is a server that runs in the test.
type process struct {
	t      *testing.T
	url    string
	line   string
	stderr *buffer
	stop   context.CancelFunc
	exit   chan int
	client *http.Client
}

// start runs a server with a table in memory until the test stops it.
func start(t *testing.T, lookup func(string) (string, bool), args ...string) *process {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	p := &process{
		t: t, stderr: &buffer{}, stop: stop, exit: make(chan int, 1), client: &http.Client{Transport: transport},
	}
	args = append([]string{
		"server", "--port", "0", "--backend-store-uri", "local::memory:", "--artifacts-destination", t.TempDir(),
	}, args...)
	go func() {
		p.exit <- run(ctx, args, deps{stdout: in, stderr: p.stderr, env: lookup})
		_ = in.Close()
	}()
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "the server wrote: %s", p.stderr)
	p.line = lines.Text()
	_, p.url, _ = strings.Cut(p.line, "MLFLOW_TRACKING_URI=")
	t.Cleanup(transport.CloseIdleConnections)
	return p
}

// end stops the server and wants it to have ended well.
func (p *process) end() {
	p.t.Helper()
	p.client.CloseIdleConnections()
	p.stop()
	require.Equal(p.t, exitOK, <-p.exit, p.stderr)
}

func (p *process) do(method, path, body string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(r)
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, response.Body.Close()) }()
	b, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	return response.StatusCode, string(b)
}

func TestServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, noEnv, "--artifacts-destination", dir, "--static-prefix", "/x")
	require.Equal(t, "Serving local::memory: with artifacts in "+dir+"; use MLFLOW_TRACKING_URI="+p.url, p.line)
	require.True(t, strings.HasSuffix(p.url, "/x"))
	code, body := p.do(http.MethodGet, "/health", "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "OK", body)
	code, body = p.do(http.MethodPost, "/api/2.0/mlflow/experiments/create", `{"name":"e"}`)
	require.Equal(t, http.StatusOK, code, body)
	_, body = p.do(http.MethodGet, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=e", "")
	require.Contains(t, body, `"artifact_location": "mlflow-artifacts:/1"`)
	code, _ = p.do(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/1/a/b.txt", "hi")
	require.Equal(t, http.StatusOK, code)
	b, err := os.ReadFile(filepath.Join(dir, "1/a/b.txt"))
	require.NoError(t, err)
	require.Equal(t, "hi", string(b))
	p.end()
	require.Equal(t, 1, strings.Count(p.stderr.String(), "\n"), p.stderr)
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	p := start(t, env(
		"MLFLOW_SERVE_ARTIFACTS", "False", "MLFLOW_DEFAULT_ARTIFACT_ROOT", root, "MLFLOW_TRUNCATE_LONG_VALUES", "no",
		"MLFLOW_SERVER_ALLOWED_HOSTS", "example.com", "MLFLOW_HOST", "", "MLFLOW_PORT", "1", // the flag wins
	))
	code, _ := p.do(http.MethodGet, "/api/2.0/mlflow/runs/get", "")
	require.Equal(t, http.StatusForbidden, code)
	code, _ = p.do(http.MethodGet, "/health", "")
	require.Equal(t, http.StatusOK, code)
	p.end()

	p = start(t, env("MLFLOW_DEFAULT_ARTIFACT_ROOT", root), "--no-serve-artifacts")
	require.Contains(t, p.line, "with no artifacts;")
	_, body := p.do(http.MethodGet, "/api/2.0/mlflow/experiments/get?experiment_id=0", "")
	require.Contains(t, body, `"artifact_location": "`+root+`/0"`)
	code, _ = p.do(http.MethodGet, "/api/2.0/mlflow-artifacts/artifacts/x", "")
	require.Equal(t, http.StatusServiceUnavailable, code)

	// Artifacts that clients wrote to the root can be listed.
	_, body = p.do(http.MethodPost, "/api/2.0/mlflow/runs/create", `{"experiment_id":"0"}`)
	_, id, _ := strings.Cut(body, `"run_id": "`)
	id, _, _ = strings.Cut(id, `"`)
	list := "/api/2.0/mlflow/artifacts/list?run_id=" + id
	code, body = p.do(http.MethodGet, list, "")
	require.Equal(t, http.StatusOK, code, body)
	require.NotContains(t, body, "files")
	artifacts := filepath.Join(root, "0", id, "artifacts")
	require.NoError(t, os.MkdirAll(artifacts, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(artifacts, "a.txt"), []byte("x"), 0o600))
	_, body = p.do(http.MethodGet, list, "")
	require.Contains(t, body, `"path": "a.txt"`)
	p.end()
}

// TestShutdownFinishes stops a server in the middle of an upload.
func TestShutdownFinishes(t *testing.T) {
	t.Parallel()
	p := start(t, noEnv, "--log-format", "json")
	body, in := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.url+"/api/2.0/mlflow-artifacts/artifacts/a", body)
	require.NoError(t, err)
	r.Header.Set("Expect", "100-continue") // nothing is sent before the server reads
	type result struct {
		code int
		err  error
	}
	done := make(chan result, 1)
	go func() {
		response, err := p.client.Do(r)
		if err != nil {
			done <- result{err: err}
			return
		}
		done <- result{response.StatusCode, response.Body.Close()}
	}()
	_, err = in.Write([]byte("first half, "))
	require.NoError(t, err)
	p.stop()
	for !strings.Contains(p.stderr.String(), "finishing the requests under way") {
		_, err = in.Write([]byte("more, ")) // the server still reads
		require.NoError(t, err)
	}
	_, err = in.Write([]byte("second half"))
	require.NoError(t, err)
	require.NoError(t, in.Close())
	require.Equal(t, result{code: http.StatusOK}, <-done)
	require.Equal(t, exitOK, <-p.exit, p.stderr)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	memory := []string{"server", "--port", "0", "--backend-store-uri", "local::memory:"}
	for _, tc := range []struct {
		name   string
		args   []string
		env    []string
		code   int
		stderr string
	}{
		{"port in use", append(memory, "--port", port), nil, exitFailed, "address already in use"},
		{"table is a file", []string{"server", "--port", "0", "--backend-store-uri", "local:" + file}, nil, exitFailed, file},
		{"no such scheme", []string{"server", "--port", "0", "--backend-store-uri", "mysql://x"}, nil, exitFailed, "mysql://x"},
		{"bad variable", memory, []string{"MLFLOW_SERVE_ARTIFACTS", "maybe"}, exitFailed, "MLFLOW_SERVE_ARTIFACTS"},
		{"bad destination", append(memory, "--artifacts-destination", "gs://b"), nil, exitFailed, `the scheme "gs"`},
		{"destination is a file", append(memory, "--artifacts-destination", file), nil, exitFailed, file},
		{"bad flag", []string{"server", "--nope"}, nil, exitMisuse, "unknown flag: --nope"},
		{"bad port", []string{"server", "--port", "70000"}, nil, exitMisuse, "--port 70000"},
		{"bad prefix", []string{"server", "--static-prefix", "x"}, nil, exitMisuse, "--static-prefix"},
		{"bad level", []string{"server", "--log-level", "loud"}, nil, exitMisuse, `"loud"`},
		{"bad format", []string{"server", "--log-format", "xml"}, nil, exitMisuse, `"xml"`},
		{"both", []string{"server", "--serve-artifacts", "--no-serve-artifacts"}, nil, exitMisuse, "no-serve-artifacts"},
		{"argument", []string{"server", "x"}, nil, exitMisuse, `"x"`},
		{"no such command", []string{"serve"}, nil, exitMisuse, `"serve"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr buffer
			code := run(t.Context(), tc.args, deps{stdout: &stdout, stderr: &stderr, env: env(tc.env...)})
			require.Equal(t, tc.code, code)
			require.Empty(t, stdout.String())
			require.Contains(t, stderr.String(), tc.stderr)
			require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
		})
	}
}

func TestLockedDirectory(t *testing.T) {
	t.Parallel()
	dir := "local:" + lockedDir(t)
	var stdout, stderr buffer
	code := run(t.Context(), []string{"server", "--port", "0", "--backend-store-uri", dir}, deps{stdout: &stdout, stderr: &stderr, env: noEnv})
	require.Equal(t, exitFailed, code)
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
}

// lockedDir returns the directory of a table that is in use until the test
// ends, as by another process.
func lockedDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tab, err := pebbletable.Open(dir, pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	return dir
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitOK, Run(t.Context(), []string{"version"}, &stdout, &stderr))
	var flag bytes.Buffer
	require.Equal(t, exitOK, Run(t.Context(), []string{"--version"}, &flag, &stderr))
	require.Equal(t, stdout.String(), flag.String())
	require.Regexp(t, `^mlflow-dynamodbstore \S+ \(MLflow 3\.18\.0, go\S+\)\n$`, stdout.String())
	require.Empty(t, stderr.String())
}

func TestWithoutUser(t *testing.T) {
	t.Parallel()
	require.Equal(t, "dynamodb://us-east-1/t", withoutUser("dynamodb://us-east-1/t"))
	require.Equal(t, "dynamodb://h:1/t", withoutUser("dynamodb://key:se@cret@h:1/t"))
	require.Equal(t, "local:a@b", withoutUser("local:a@b"))
}

func TestOpenBuckets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := newBucketOpener(noEnv)
	for _, uri := range []string{dir, "file://" + dir, "file:" + dir, "file://localhost" + dir, "s3://bucket/prefix"} {
		b, err := o.open(t.Context(), uri)
		require.NoError(t, err, uri)
		require.NoError(t, b.Close())
	}
	b, err := o.open(t.Context(), filepath.Join(dir, "none"))
	require.NoError(t, err)
	require.Nil(t, b)
	for _, uri := range []string{"", "file:", "s3:///x", "gs://x"} {
		_, err := o.open(t.Context(), uri)
		require.Error(t, err, uri)
	}
}

// TestMaxRequestsFlag: a server that works on no request would be none.
func TestMaxRequestsFlag(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	code := run(t.Context(), []string{"server", "--max-requests", "0"}, deps{stdout: io.Discard, stderr: &errs, env: noEnv})
	require.Equal(t, exitMisuse, code)
	require.Contains(t, errs.String(), "--max-requests must be positive")
}
