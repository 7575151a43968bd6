package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// brittle is a table that fails when it is told to.
type brittle struct {
	table.Table
	broken atomic.Bool
}

func (b *brittle) Health() error {
	if b.broken.Load() {
		return table.ErrBroken
	}
	return nil
}

// TestServiceRenewed: a table that has failed is closed, and another one is
// served as soon as it can be opened; /health says so until then.
func TestServiceRenewed(t *testing.T) {
	t.Parallel()
	var opened []*brittle
	var full error
	open := func(ctx context.Context) (*served, error) {
		if full != nil {
			return nil, full
		}
		tab, err := pebbletable.OpenMemory(pebbletable.Options{})
		require.NoError(t, err)
		opened = append(opened, &brittle{Table: tab})
		store, err := dynamodbstore.OpenTable(opened[len(opened)-1])
		require.NoError(t, err)
		require.NoError(t, store.Init(ctx))
		h, err := rest.NewHandler(store)
		require.NoError(t, err)
		return &served{Handler: h, store: store, stopCollecting: func() {}}, nil
	}
	s, err := startService(t.Context(), slog.New(slog.DiscardHandler), false, open)
	require.NoError(t, err)
	health := func() (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/health", nil))
		body, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		return w.Code, string(body)
	}
	requireHealth := func(wantCode int, wantText string) {
		t.Helper()
		code, text := health()
		require.Equal(t, wantCode, code)
		require.Equal(t, wantText, text)
	}

	require.NoError(t, s.renew(t.Context()))
	require.Len(t, opened, 1)
	requireHealth(http.StatusOK, "OK")

	opened[0].broken.Store(true)
	full = errors.New("no space")
	for range 2 {
		require.ErrorIs(t, s.renew(t.Context()), full)
		requireHealth(http.StatusServiceUnavailable, "The table cannot be written, please try again later.")
	}
	require.ErrorIs(t, opened[0].Close(), table.ErrClosed)

	full = nil
	require.NoError(t, s.renew(t.Context()))
	require.Len(t, opened, 2)
	requireHealth(http.StatusOK, "OK")
	require.NoError(t, s.stop())
	require.ErrorIs(t, opened[1].Close(), table.ErrClosed)
}

// TestServiceStopsClosed: a service whose table could not be opened again stops.
func TestServiceStopsClosed(t *testing.T) {
	t.Parallel()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	b := &brittle{Table: tab}
	store, err := dynamodbstore.OpenTable(b)
	require.NoError(t, err)
	next := &served{store: store, stopCollecting: func() {}}
	s, err := startService(t.Context(), slog.New(slog.DiscardHandler), true, func(context.Context) (*served, error) {
		if next == nil {
			return nil, errors.New("no space")
		}
		first := next
		next = nil
		return first, nil
	})
	require.NoError(t, err)
	s.cancel()
	s.watch.Wait()
	b.broken.Store(true)
	require.Error(t, s.renew(t.Context()))
	require.NoError(t, s.stop())
}
