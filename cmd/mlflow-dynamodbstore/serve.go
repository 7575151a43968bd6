package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// drainTimeout is how long requests have to finish when the server ends.
	drainTimeout = 30 * time.Second
)

// serve answers requests until ctx ends, then finishes those under way. Bodies
// that do not arrive are the handler's to end, answers that nobody reads the
// connections'; when the server ends, neither gets more than hurryTime.
func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	requests := context.WithoutCancel(ctx)
	conns := &movingConns{Listener: l}
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(conns) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.LogAttrs(ctx, slog.LevelInfo, "finishing the requests under way")
	drain, cancel := context.WithTimeout(requests, drainTimeout)
	defer cancel()
	conns.hurry()
	if err := srv.Shutdown(drain); err != nil {
		log.LogAttrs(ctx, slog.LevelWarn, "requests were cut off", slog.Any("error", err))
		_ = srv.Close() // nothing else is left to do
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
