package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// stallTimeout ends a request whose body, and a response whose reader, does
	// not move. However long it takes, an upload that moves is never cut off.
	stallTimeout = time.Minute
	// drainTimeout is how long requests have to finish when the server ends.
	drainTimeout = 30 * time.Second
)

// serve answers requests until ctx ends, then finishes those under way.
func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	requests := context.WithoutCancel(ctx)
	srv := &http.Server{
		Handler:           bodyDeadlines(h),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(writeDeadlines{l}) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.LogAttrs(ctx, slog.LevelInfo, "finishing the requests under way")
	drain, cancel := context.WithTimeout(requests, drainTimeout)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		log.LogAttrs(ctx, slog.LevelWarn, "requests were cut off", slog.Any("error", err))
		_ = srv.Close() // nothing else is left to do
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// bodyDeadlines ends requests whose body does not move.
func bodyDeadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			r.Body = &movingBody{ReadCloser: r.Body, conn: http.NewResponseController(w)}
		}
		next.ServeHTTP(w, r)
	})
}

type movingBody struct {
	io.ReadCloser
	conn *http.ResponseController
}

func (b *movingBody) Read(p []byte) (int, error) {
	// Without deadlines the connection could be no more than slow to close.
	_ = b.conn.SetReadDeadline(time.Now().Add(stallTimeout)) //nolint:forbidigo // deadlines go by the real clock
	n, err := b.ReadCloser.Read(p)
	if err != nil { // a deadline that stayed would end the request's context
		_ = b.conn.SetReadDeadline(time.Time{})
	}
	return n, err //nolint:wrapcheck // io.EOF must stay io.EOF
}

// writeDeadlines ends connections whose other side does not read.
type writeDeadlines struct{ net.Listener }

func (l writeDeadlines) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // net/http looks at its type
	}
	return movingConn{c}, nil
}

type movingConn struct{ net.Conn }

func (c movingConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(stallTimeout)); err != nil { //nolint:forbidigo // see above
		return 0, fmt.Errorf("set deadline: %w", err)
	}
	return c.Conn.Write(p) //nolint:wrapcheck // it stands in for the connection
}
