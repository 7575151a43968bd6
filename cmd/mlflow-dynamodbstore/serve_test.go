package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// slowStore takes its time for an experiment, and knows nothing else.
type slowStore struct {
	rest.Store
	takes time.Duration
}

func (s slowStore) GetExperiment(ctx context.Context, id string) (*dynamodbstore.Experiment, error) {
	select {
	case <-time.After(s.takes):
		return &dynamodbstore.Experiment{ID: id}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (slowStore) DeleteExperiment(context.Context, string) error { return nil }

// bubble is a server in a bubble of time, with connections that are pipes.
type bubble struct {
	t      *testing.T
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	stop   context.CancelFunc
	ended  chan error
	began  time.Time
	bucket *blob.Bucket
}

func (b *bubble) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

func (b *bubble) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func (b *bubble) Addr() net.Addr { return &net.TCPAddr{} }

// inBubble runs a test with a server. It is to end within its grace.
func inBubble(t *testing.T, store rest.Store, do func(t *testing.T, b *bubble), opts ...rest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		b := &bubble{
			t: t, conns: make(chan net.Conn), closed: make(chan struct{}), stop: stop, ended: make(chan error, 1),
			began: time.Now(), bucket: memblob.OpenBucket(nil),
		}
		h, err := rest.NewHandler(store, append([]rest.Option{rest.WithArtifacts(b.bucket)}, opts...)...)
		require.NoError(t, err)
		go func() { b.ended <- serve(ctx, b, h, slog.New(slog.DiscardHandler)) }()
		do(t, b)
		stop()
		require.NoError(t, <-b.ended)
		require.NoError(t, b.bucket.Close())
	})
}

// client is one connection.
type client struct {
	net.Conn
	in *bufio.Reader
	t  *testing.T
}

func (b *bubble) dial() *client {
	ours, theirs := net.Pipe()
	b.conns <- theirs
	return &client{ours, bufio.NewReader(ours), b.t}
}

func (c *client) send(text string) {
	_, err := c.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	require.NoError(c.t, err)
}

// answered is what the server said of a request, and whether it closes the
// connection.
type answered struct {
	status int
	closes bool
}

func (c *client) answer() answered {
	res, err := http.ReadResponse(c.in, nil)
	require.NoError(c.t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, res.Body.Close())
	return answered{res.StatusCode, res.Close}
}

// isClosed waits until the server has closed the connection.
func (c *client) isClosed() {
	_, err := c.in.ReadByte()
	require.ErrorIs(c.t, err, io.EOF)
	require.NoError(c.t, c.Close())
}

// pinned are requests whose body does not come, and the status of their answer.
func pinned() map[string]int {
	const json = " HTTP/1.1\nHost: localhost\nContent-Type: application/json\n"
	return map[string]int{
		"POST /nope" + json + "Content-Length: 10\n\n":                                             http.StatusNotFound,
		"POST /nope" + json + "Content-Length: 300000\n\n":                                         http.StatusNotFound,
		"POST /nope" + json + "Transfer-Encoding: chunked\n\n":                                     http.StatusNotFound,
		"POST /nope" + json + "Transfer-Encoding: chunked\n\n5\nab":                                http.StatusNotFound,
		"PUT /health" + json + "Content-Length: 10\n\n":                                            http.StatusMethodNotAllowed,
		"GET /health" + json + "Content-Length: 10\n\n":                                            http.StatusOK,
		"GET /api/2.0/mlflow/experiments/get?experiment_id=1" + json + "Content-Length: 10\n\n123": http.StatusOK,
		"POST /nope HTTP/1.1\nHost: example.com\nContent-Length: 10\n\n":                           http.StatusForbidden,
		"POST /api/2.0/mlflow/runs/search HTTP/1.1\nHost: localhost\nContent-Length: 10\n\n{":      http.StatusBadRequest,
		"POST /api/2.0/mlflow/runs/search" + json + "Content-Length: 1000000000\n\n":               http.StatusBadRequest,
		"PUT /api/2.0/mlflow-artifacts/artifacts/..%2Fa HTTP/1.1\nHost: localhost\n" +
			"Expect: 100-continue\nContent-Length: 10\n\n": http.StatusBadRequest,
		"PUT /api/2.0/mlflow-artifacts/artifacts/..%2Fa HTTP/1.1\nHost: localhost\n" +
			"Expect: 100-continue\nContent-Length: 10000000000\n\n": http.StatusBadRequest,
	}
}

// TestUnreadBodies: what nobody reads keeps no answer waiting, and no connection
// open.
func TestUnreadBodies(t *testing.T) {
	t.Parallel()
	for request, status := range pinned() {
		line, _, _ := strings.Cut(request, " HTTP")
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			inBubble(t, slowStore{}, func(t *testing.T, b *bubble) {
				c := b.dial()
				c.send(request)
				res := c.answer()
				require.Equal(t, status, res.status)
				require.True(t, res.closes)
				require.LessOrEqual(t, time.Since(b.began), 50*time.Millisecond)
				c.isClosed()
				require.LessOrEqual(t, time.Since(b.began), 2*time.Second)
			})
		})
	}
}

// TestSlowBodies: a body that somebody reads has 55 seconds, or as long for each
// part of a large one.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	const search = "POST /api/2.0/mlflow/runs/search HTTP/1.1\nHost: localhost\nContent-Type: application/json\n"
	const upload = "PUT /api/2.0/mlflow-artifacts/artifacts/a HTTP/1.1\nHost: localhost\n"
	for name, tc := range map[string]struct {
		request string
		first   int // bytes that come at once
		every   time.Duration
	}{
		"search stalls":           {search + "Content-Length: 100\n\n", 1, 0},
		"search trickles":         {search + "Content-Length: 1000000\n\n", 1, time.Second},
		"chunked search trickles": {search + "Transfer-Encoding: chunked\n\nfffff\n", 1, time.Second},
		"search begins fast":      {search + "Content-Length: 2000000\n\n", 1 << 20, time.Second},
		"upload stalls":           {upload + "Content-Length: 100\n\n", 1, 0},
		"upload trickles":         {upload + "Content-Length: 100000000\n\n", 1, time.Second},
		"upload begins fast":      {upload + "Content-Length: 100000000\n\n", 1 << 20, time.Second},
		"upload was invited":      {upload + "Expect: 100-continue\nContent-Length: 100\n\n", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, slowStore{}, func(t *testing.T, b *bubble) {
				c := b.dial()
				c.send(tc.request)
				if strings.Contains(tc.request, "Expect") {
					require.Equal(t, http.StatusContinue, c.answer().status)
				}
				c.send(strings.Repeat(" ", tc.first))
				var trickle sync.WaitGroup
				defer trickle.Wait()
				trickle.Go(func() {
					for err := error(nil); tc.every > 0 && err == nil; {
						time.Sleep(tc.every)
						_, err = c.Write([]byte(" "))
					}
				})
				require.Equal(t, http.StatusRequestTimeout, c.answer().status)
				require.Equal(t, 55*time.Second, time.Since(b.began).Truncate(time.Second))
				c.isClosed()
				require.LessOrEqual(t, time.Since(b.began), time.Minute)
			})
		})
	}
}

// TestUploadsThatMove: however long an upload takes, it is not cut off.
func TestUploadsThatMove(t *testing.T) {
	t.Parallel()
	inBubble(t, slowStore{}, func(t *testing.T, b *bubble) {
		const part, parts = 40 << 10, 200
		c := b.dial()
		c.send(fmt.Sprintf("PUT /api/2.0/mlflow-artifacts/artifacts/a HTTP/1.1\nHost: localhost\nContent-Length: %d\n\n", part*parts))
		for range parts {
			time.Sleep(27 * time.Second)
			c.send(strings.Repeat("x", part))
		}
		require.Equal(t, http.StatusOK, c.answer().status)
		stored, err := b.bucket.Attributes(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, int64(part*parts), stored.Size)
	})
}

// TestConnectionsGoOn: what is read to its end leaves the connection to the next
// request, also where the answer needs none of it.
func TestConnectionsGoOn(t *testing.T) {
	t.Parallel()
	inBubble(t, slowStore{}, func(t *testing.T, b *bubble) {
		const json = " HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 21\n\n"
		const body = `{"experiment_id":"1"}`
		c := b.dial()
		for _, path := range []string{"/nope", "/api/2.0/mlflow/experiments/delete", "/health", "/api/2.0/mlflow/experiments/delete"} {
			c.send("POST " + path + json)
			time.Sleep(20 * time.Millisecond) // the body comes behind the header
			c.send(body)
			require.False(t, c.answer().closes, path)
		}
		post := "POST /api/2.0/mlflow/experiments/delete" + json + body
		unread := "POST /nope" + json + body
		get := "GET /api/2.0/mlflow/experiments/get?experiment_id=1 HTTP/1.1\nHost: localhost\n\n"
		go c.send(post + unread + get + post) // at once
		for _, status := range []int{http.StatusOK, http.StatusNotFound, http.StatusOK, http.StatusOK} {
			require.Equal(t, status, c.answer().status)
		}
		c.send("POST /api/2.0/mlflow/experiments/delete HTTP/1.1\nHost: localhost\nContent-Type: application/json\n" +
			"Expect: 100-continue\nContent-Length: 21\n\n")
		require.Equal(t, http.StatusContinue, c.answer().status)
		c.send(body)
		require.False(t, c.answer().closes)
		require.NoError(t, c.Close())
	})
}

// TestPinnedConnections: connections with nothing real under way do not keep a
// server from ending; neither do they last by themselves.
func TestPinnedConnections(t *testing.T) {
	t.Parallel()
	requests := []string{
		"", "POST", "GET /health HTTP/1.1\nHost: localhost\n",
		"POST /api/2.0/mlflow/runs/search HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 10\n\n{",
		"PUT /api/2.0/mlflow-artifacts/artifacts/a HTTP/1.1\nHost: localhost\nContent-Length: 10000000\n\nx",
		"GET /api/2.0/mlflow/experiments/get?experiment_id=1 HTTP/1.1\nHost: localhost\nContent-Length: 10\n\n",
		"GET /health HTTP/1.1\nHost: localhost\n\n", // and does not read the answer
	}
	for request := range pinned() {
		requests = append(requests, request)
	}
	for name, after := range map[string]time.Duration{"at once": 0, "a moment later": 10 * time.Millisecond, "later": 30 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, slowStore{}, func(t *testing.T, b *bubble) {
				for i := range 300 {
					c := b.dial()
					defer func() { _ = c.Close() }()
					c.send(requests[i%len(requests)])
				}
				time.Sleep(after)
				b.stop()
				stopped := time.Now()
				err := <-b.ended
				b.ended <- err
				require.Less(t, time.Since(stopped), 5*time.Second)
			})
		})
	}
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		inBubble(t, slowStore{}, func(t *testing.T, b *bubble) {
			var open sync.WaitGroup
			for i := range 300 {
				c := b.dial()
				c.send(requests[i%len(requests)])
				if i%len(requests) == 6 {
					require.NoError(t, c.Close())
					continue
				}
				open.Go(func() {
					_, _ = io.Copy(io.Discard, c)
					_ = c.Close()
				})
			}
			open.Wait()
			require.LessOrEqual(t, time.Since(b.began), time.Minute)
		})
	})
}

// TestShutdownWaits: what is worked on when the server is to end is finished, as
// long as it takes no longer than drainTimeout, and so is what moves.
func TestShutdownWaits(t *testing.T) {
	t.Parallel()
	inBubble(t, slowStore{takes: 20 * time.Second}, func(t *testing.T, b *bubble) {
		get, put := b.dial(), b.dial()
		get.send("GET /api/2.0/mlflow/experiments/get?experiment_id=1 HTTP/1.1\nHost: localhost\n\n")
		put.send("PUT /api/2.0/mlflow-artifacts/artifacts/a HTTP/1.1\nHost: localhost\nContent-Length: 40960\n\n")
		synctest.Wait() // both are worked on
		b.stop()
		for range 10 {
			time.Sleep(1900 * time.Millisecond)
			put.send(strings.Repeat("x", 4096))
		}
		require.Equal(t, http.StatusOK, put.answer().status)
		require.Equal(t, http.StatusOK, get.answer().status)
		get.isClosed()
		put.isClosed()
		err := <-b.ended
		b.ended <- err
		require.Less(t, time.Since(b.began), drainTimeout)
	})
	inBubble(t, slowStore{takes: time.Hour}, func(t *testing.T, b *bubble) {
		c := b.dial()
		c.send("GET /api/2.0/mlflow/experiments/get?experiment_id=1 HTTP/1.1\nHost: localhost\n\n")
		synctest.Wait()
		b.stop()
		c.isClosed()
		require.Equal(t, drainTimeout, time.Since(b.began))
	})
}

// TestUnreadAnswers: a client that does not read its answer is ended, one that
// reads slowly is not.
func TestUnreadAnswers(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	get := "GET /api/2.0/mlflow-artifacts/artifacts/a HTTP/1.1\nHost: localhost\n\n"
	for name, every := range map[string]time.Duration{"never": 0, "too slow": 10 * time.Second, "slow": 900 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, slowStore{}, func(t *testing.T, b *bubble) {
				require.NoError(t, b.bucket.WriteAll(t.Context(), "a", make([]byte, size), nil))
				c := b.dial()
				c.send(get)
				if every == 0 {
					time.Sleep(stallTime + time.Second)
					every = time.Nanosecond
				}
				n, err := 0, error(nil)
				for buf := make([]byte, 1024); err == nil; {
					var k int
					k, err = c.Read(buf)
					if n += k; n > size {
						break
					}
					time.Sleep(every)
				}
				require.Equal(t, name == "slow", n > size)
				require.NoError(t, c.Close())
			})
		})
	}
}
