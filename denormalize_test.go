package dynamodbstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestDenormalizeConcurrently sets and removes tags of one run from two
// servers, with a backfill beside them: each tag stands in one place, and has
// the value that the run has.
func TestDenormalizeConcurrently(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		servers := []*dynamodbstore.Store{open(t, tab, clock), open(t, tab, clock)}
		run := newRun(t, servers[0], "0", 1)
		require.NoError(t, servers[0].SetTagPatterns(t.Context(), "", []string{"a*"}))
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				assert.NoError(t, setTagsByTurns(t.Context(), servers[i%2], run, i))
			})
		}
		wg.Go(func() {
			_, err := servers[0].BackfillTags(t.Context(), noServers())
			assert.NoError(t, err)
		})
		wg.Wait()
		_, err := servers[0].BackfillTags(t.Context(), noServers())
		require.NoError(t, err)
		r, err := servers[1].GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Len(t, r.Tags, 7)
		it := meta(t, tab, "RUN#"+run)
		for _, tag := range r.Tags {
			switch tag.Key {
			case "b", "team":
				require.Empty(t, it.Str("tag."+tag.Key))
			default:
				require.Equal(t, tag.Value, it.Str("tag."+tag.Key), tag.Key)
			}
		}
		require.Len(t, strs(it, "tags"), 4)
	})
}

// setTagsByTurns sets tags that all writers set and one of its own, which it
// removes in the end.
func setTagsByTurns(ctx context.Context, s *dynamodbstore.Store, run string, writer int) error {
	own := fmt.Sprint("a", writer)
	for n := range 5 {
		for _, key := range []string{"a", "b", own} {
			if err := s.SetTag(ctx, run, dynamodbstore.Tag{Key: key, Value: fmt.Sprint(writer, " ", n)}); err != nil {
				return err
			}
		}
	}
	return s.DeleteTag(ctx, run, own)
}
