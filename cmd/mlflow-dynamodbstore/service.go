package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// healthEvery is how often the server looks whether its table has failed, and
// tries to open one that has.
const healthEvery = time.Second

// sayEvery is how many tries to open a table share a line of the log.
const sayEvery = 60

// served is an open store with what works on it.
type served struct {
	http.Handler
	store          *dynamodbstore.Store
	stopCollecting func()
}

// close ends the work, then closes the store.
func (s *served) close() error {
	s.stopCollecting()
	return s.store.Close()
}

// service serves what is open now. An embedded table that could not write, as
// its disk was full, has to be opened anew once it can: until then all requests
// are answered that the table is unavailable, also the one for /health. The
// store on it is made anew, too, since it may have in memory what was not kept.
type service struct {
	log    *slog.Logger
	open   func(ctx context.Context) (*served, error)
	now    atomic.Pointer[served]
	closed bool // now is; of watch, and of stop once that has ended
	cancel context.CancelFunc
	watch  sync.WaitGroup
}

// startService opens what it serves and, if reopen is true, opens it anew when
// it fails, until stop.
func startService(
	ctx context.Context, log *slog.Logger, reopen bool, open func(ctx context.Context) (*served, error),
) (*service, error) {
	now, err := open(ctx)
	if err != nil {
		return nil, err
	}
	s := &service{log: log, open: open}
	s.now.Store(now)
	ctx, s.cancel = context.WithCancel(ctx)
	if reopen {
		s.watch.Go(func() { s.keepOpen(ctx) })
	}
	return s, nil
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.now.Load().ServeHTTP(w, r) }

// stop closes what is open.
func (s *service) stop() error {
	s.cancel()
	s.watch.Wait()
	if s.closed {
		return nil
	}
	return s.now.Load().close()
}

// keepOpen opens a table that has failed, until ctx ends.
func (s *service) keepOpen(ctx context.Context) {
	ticker := time.NewTicker(healthEvery)
	defer ticker.Stop()
	tries := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := s.renew(ctx)
		if err == nil || ctx.Err() != nil {
			tries = 0
			continue
		}
		if tries%sayEvery == 0 {
			s.log.LogAttrs(ctx, slog.LevelError, "the table cannot be opened, trying again until it can", slog.Any("error", err))
		}
		tries++
	}
}

// renew replaces what is open if it has failed. What cannot be opened yet
// leaves the failed one in place, closed, to say so.
func (s *service) renew(ctx context.Context) error {
	now := s.now.Load()
	if !s.closed {
		if now.store.Health() == nil {
			return nil
		}
		s.closed = true
		if err := now.close(); err != nil {
			s.log.LogAttrs(ctx, slog.LevelWarn, "the failed table was not closed cleanly", slog.Any("error", err))
		}
	}
	next, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := next.store.Health(); err != nil { // again
		return errors.Join(err, next.close())
	}
	s.now.Store(next)
	s.closed = false
	s.log.LogAttrs(ctx, slog.LevelInfo, "the table is open again")
	return nil
}
