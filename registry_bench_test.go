package dynamodbstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// BenchmarkRegistry reads a page of 100 of 10,000 registered models with a
// version each, and of their versions, in orders that have an index and in
// orders that have none.
func BenchmarkRegistry(b *testing.B) {
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, tab.Close()) })
	require.NoError(b, tab.Init(b.Context(), true))
	s := view(b, tab, time.Now, "w")
	for i := range 10_000 {
		name := fmt.Sprintf("listed-%05d", i)
		newModel(b, s, name, tag("team", "vision"))
		_, err := s.CreateModelVersion(b.Context(), budgetVersion(name, i))
		require.NoError(b, err)
	}
	for _, order := range []string{"name", "last_updated_timestamp DESC"} {
		p := dynamodbstore.SearchRegisteredModelsParams{OrderBy: []string{order}}
		benchUnits(b, "models by "+order, func(ctx context.Context) error {
			page, err := s.SearchRegisteredModels(ctx, p)
			require.Len(b, page.Items, 100)
			return err
		})
	}
	benchUnits(b, "versions by last_updated_timestamp DESC", func(ctx context.Context) error {
		page, err := s.SearchModelVersions(ctx, dynamodbstore.SearchModelVersionsParams{MaxResults: 100})
		require.Len(b, page.Items, 100)
		return err
	})
	require.NoError(b, s.Close())
}

// benchUnits reports the requests and units of an operation beside its time.
func benchUnits(b *testing.B, name string, do func(ctx context.Context) error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		var m table.Meter
		ctx := table.WithMeter(b.Context(), &m)
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			require.NoError(b, do(ctx))
			n++
		}
		b.ReportMetric(float64(m.Units().Requests)/float64(n), "req/op")
		b.ReportMetric(m.Units().Read/float64(n), "RCU/op")
	})
}
