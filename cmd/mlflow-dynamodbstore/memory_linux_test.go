package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// child is a server in a process of its own, whose memory is looked at.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	once sync.Once
}

// build makes the server, without what tests may be built with.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func startChild(t *testing.T, program string, env []string, args ...string) *child {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, append([]string{"server", "--port", "0"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = t.TempDir()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{t: t, cmd: cmd}
	t.Cleanup(c.end)
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	_, c.url, _ = strings.Cut(lines.Text(), "MLFLOW_TRACKING_URI=")
	return c
}

func (c *child) end() {
	c.once.Do(func() {
		require.NoError(c.t, c.cmd.Process.Signal(os.Interrupt))
		require.NoError(c.t, c.cmd.Wait())
	})
}

// memory reads a line of the process's status, in bytes.
func (c *child) memory(name string) int {
	c.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	require.NoError(c.t, err)
	_, line, ok := strings.Cut(string(status), name+":")
	require.True(c.t, ok)
	kb, err := strconv.Atoi(strings.Fields(line)[0])
	require.NoError(c.t, err)
	return kb << 10
}

// forgetPeak makes VmHWM begin anew.
func (c *child) forgetPeak() {
	c.t.Helper()
	require.NoError(c.t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", c.cmd.Process.Pid), []byte("5"), 0))
}

// ask sends a request and returns the size of the answer, and its beginning.
func (c *child) ask(method, path, body string) (size int64, begins string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/api/2.0/mlflow/"+path, strings.NewReader(body))
	require.NoError(c.t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { require.NoError(c.t, res.Body.Close()) }()
	require.Equal(c.t, http.StatusOK, res.StatusCode)
	var b strings.Builder
	n, err := io.CopyN(&b, res.Body, 1024)
	if err == nil {
		size, err = io.Copy(io.Discard, res.Body)
		require.NoError(c.t, err)
	}
	return n + size, b.String()
}

// newRun makes a run that has logged points, and has ended.
func (c *child) newRun(experiment string, points int, point func(i int) string) string {
	c.t.Helper()
	_, answer := c.ask(http.MethodPost, "runs/create", `{"experiment_id":"`+experiment+`","start_time":1}`)
	_, id, _ := strings.Cut(answer, `"run_uuid": "`)
	id, _, _ = strings.Cut(id, `"`)
	for i := 0; i < points; i += 1000 {
		var b strings.Builder
		b.WriteString(`{"run_id":"` + id + `","metrics":[`)
		for j := range 1000 {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(point(i + j))
		}
		c.ask(http.MethodPost, "runs/log-batch", b.String()+"]}")
	}
	c.ask(http.MethodPost, "runs/update", `{"run_id":"`+id+`","status":"FINISHED"}`)
	return id
}

// largeTable makes a table with 100 runs of 2,000 metrics and a history of a
// million points.
func largeTable(t *testing.T, program string) (uri, run string) {
	t.Helper()
	uri = "local:" + t.TempDir()
	c := startChild(t, program, nil, "--backend-store-uri", uri)
	defer c.end()
	c.ask(http.MethodPost, "experiments/create", `{"name":"other"}`)
	for range 100 {
		c.newRun("0", 2000, func(i int) string {
			return fmt.Sprintf(`{"key":"validation/metric_%06d","value":%v,"timestamp":1700000000000,"step":1}`, i, 1/float64(i+1))
		})
	}
	return uri, c.newRun("1", 1_000_000, func(i int) string {
		return fmt.Sprintf(`{"key":"loss","value":%v,"timestamp":%d,"step":%d}`, 1/float64(i+1), 1700000000000+100*i, i)
	})
}

// tableCache is what an embedded table keeps of what it has read.
const tableCache = 64 << 20

// TestMemoryOfAnswers: what a request takes does not grow with its answer.
func TestMemoryOfAnswers(t *testing.T) { //nolint:paralleltest // it measures what a process holds
	program := build(t)
	uri, run := largeTable(t, program)
	for _, request := range []struct {
		path, body string
		least      int64
	}{
		{"runs/search", `{"experiment_ids":["0"],"max_results":100}`, 30 << 20},
		{"runs/search", `{"experiment_ids":["0"],"max_results":50000,"order_by":["attributes.status"]}`, 30 << 20},
		{"metrics/get-history?run_id=" + run + "&metric_key=loss", "", 100 << 20},
		{"metrics/get-history-bulk-interval?run_ids=" + run + "&metric_key=loss&max_results=2500", "", 100 << 10},
	} {
		method := http.MethodGet
		if request.body != "" {
			method = http.MethodPost
		}
		c := startChild(t, program, []string{"GOMEMLIMIT=96MiB"}, "--backend-store-uri", uri)
		c.ask(http.MethodPost, "runs/search", `{"experiment_ids":["1"]}`)
		before := c.memory("VmRSS")
		c.forgetPeak()
		size, _ := c.ask(method, request.path, request.body)
		took := c.memory("VmHWM") - before
		t.Logf("%s %s: %d KB, takes %d MB beside %d MB", request.path, request.body, size>>10, took>>20, before>>20)
		require.Greater(t, size, request.least)
		require.Less(t, took, tableCache+64<<20)
		c.end()
	}
}

// TestMemoryOfBodies has a dozen clients that send nearly all of a body of 126
// MB and hold on: what they take together is bounded, and is given back when they
// leave.
func TestMemoryOfBodies(t *testing.T) { //nolint:paralleltest // it measures what a process holds
	c := startChild(t, build(t), nil, "--backend-store-uri", "local::memory:")
	c.ask(http.MethodPost, "runs/search", "{}")
	idle := c.memory("VmRSS")
	c.forgetPeak()
	const size, clients = 126 << 20, 12
	piece := bytes.Repeat([]byte(" "), 1<<20)
	var sent, gone sync.WaitGroup
	leave := make(chan struct{})
	for range clients {
		sent.Add(1)
		gone.Go(func() {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(c.url, "http://"))
			if err != nil {
				t.Error(err)
				sent.Done()
				return
			}
			_, _ = fmt.Fprintf(conn, "POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: localhost\r\n"+
				"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", size+1)
			for n := 0; n < size && err == nil; n += len(piece) {
				_, err = conn.Write(piece) // it fails once the body is refused
			}
			sent.Done()
			<-leave
			_ = conn.Close()
		})
	}
	sent.Wait()
	peak := c.memory("VmHWM")
	close(leave)
	gone.Wait()
	require.Less(t, peak, 600<<20)
	require.Greater(t, peak, idle+(100<<20))
	require.Eventually(t, func() bool { return c.memory("VmRSS") < 150<<20 }, time.Minute, 10*time.Millisecond)
	t.Logf("idle %d MB, at most %d MB, then %d MB", idle>>20, peak>>20, c.memory("VmRSS")>>20)
}
