package fence

import (
	"context"
	"hash/fnv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/history"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// shardBytes is the size of a register item above which a run gets more
	// of them: rewriting one costs a unit for each KB.
	shardBytes = 6 << 10
	// shardGrowth is by what factor the number of register items grows.
	shardGrowth = 16
	// maxShards holds more than 100,000 keys of 250 characters.
	maxShards = 4096
	// registerOverhead is what one register adds to an item beside its key.
	registerOverhead = len(keys.MetricAttr) + point.RegisterSize
	// shardWriters bounds the register items of one run written at once.
	shardWriters = 16
)

// Shape is what is known of the register items of a run. It may be out
// of date: then a condition fails or an item is a little larger than planned.
type Shape struct {
	exp string

	mu     sync.Mutex
	shards int
	seen   map[uint64]struct{} // hashes of the keys known to be stored
	bytes  int                 // of their registers
	pile   history.Pile        // records written since the last roll-up
}

// newShape is the shape of a run that was just made.
func newShape(exp string) *Shape {
	return &Shape{exp: exp, seen: map[uint64]struct{}{}}
}

// add notes stored keys, and reports whether the run needs more shards.
func (sh *Shape) add(registers packed.Dict) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for i := 0; i < len(registers); i += 2 {
		h := hashKey(registers[i])
		if _, ok := sh.seen[h]; !ok {
			sh.seen[h] = struct{}{}
			sh.bytes += len(registers[i]) + registerOverhead
		}
	}
	return sh.bytes > shardBytes*max(1, sh.shards) && sh.shards < maxShards
}

// AddRecords notes history records, and reports whether rolling up pays.
func (sh *Shape) AddRecords(p history.Pile) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.pile.Add(p)
	return history.WorthOf(false).Pays(sh.pile, len(sh.seen))
}

// RecordsPay reports whether rolling up pays.
func (sh *Shape) RecordsPay(settled bool) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return history.WorthOf(settled).Pays(sh.pile, len(sh.seen))
}

// ForgetRecords begins to count records anew.
func (sh *Shape) ForgetRecords() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.pile = history.Pile{}
}

func (sh *Shape) shardCount() int {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.shards
}

func hashKey(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash takes all
	return h.Sum64()
}

// shardOf is the register item of a key among n; 0 when there is but one.
// Stored keys depend on it: it must not change.
func shardOf(key string, n int) int {
	if n == 0 {
		return 0
	}
	return 1 + int(hashKey(key)%uint64(n))
}

// KnownShape returns the shape of a run's registers if it is known.
func (s *Store) KnownShape(run string) (*Shape, bool) { return s.shapes.Get(s.Own(run)) }

// RememberNew remembers a run that was made just now, with no metrics.
func (s *Store) RememberNew(h *run.Head) {
	s.cacheHead(h)
	s.shapes.Add(s.Own(h.ID), newShape(h.Exp))
}

// shapeOf returns the known shape of a run's registers, or reads it.
func (s *Store) shapeOf(ctx context.Context, runID string) (*Shape, error) {
	if sh, ok := s.KnownShape(runID); ok {
		return sh, nil
	}
	exp, err := s.experimentOfRun(ctx, runID)
	if err != nil {
		return nil, err
	}
	it, found, err := s.Table.Get(ctx, s.Keys.RunMetrics(runID, 0), table.Strong)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, run.ErrNotFound(runID)
	}
	sh := newShape(exp)
	sh.shards = int(it.Num(keys.Shards))
	sh.add(run.RegistersOf(it))
	s.shapes.Add(s.Own(runID), sh)
	return sh, nil
}

// addShards gives a run more register items. The new ones are put if absent
// first, then the first item says how many there are, on the condition that
// it is open: who closes it after that closes them too. Registers stay where
// they are; readers merge.
func (s *Store) addShards(ctx context.Context, runID string, e *experiment.State, sh *Shape) error {
	was := sh.shardCount()
	n := min(max(1, was)*shardGrowth, maxShards)
	it, found, err := s.Table.Get(ctx, s.Keys.RunMetrics(runID, 0), table.Strong)
	if err != nil {
		return err
	}
	if !found {
		return run.ErrNotFound(runID)
	}
	if now := int(it.Num(keys.Shards)); now > was {
		sh.setShards(now)
		return nil
	}
	if err := s.putShards(ctx, runID, was+1, n, it.Num(keys.Gen)); err != nil {
		return err
	}
	return s.announceShards(ctx, runID, e, sh, was, n)
}

// announceShards raises the number of register items from was to n, unless
// somebody else did.
func (s *Store) announceShards(ctx context.Context, run string, e *experiment.State, sh *Shape, was, n int) error {
	for {
		_, err := s.Table.Update(ctx, table.Update{
			Key: s.Keys.RunMetrics(run, 0),
			Cond: table.Equal(
				table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)},
				table.Attr{Name: keys.Shards, Value: table.Number(int64(was))}),
			Set: []table.Attr{{Name: keys.Shards, Value: table.Number(int64(n))}},
		})
		lost, isLost := document.AsConditionError(err)
		switch {
		case err == nil:
			sh.setShards(n)
			return nil
		case !isLost:
			return err
		case int(lost.Item.Num(keys.Shards)) > was:
			sh.setShards(int(lost.Item.Num(keys.Shards)))
			return nil
		}
		if err := s.OpenRegisters(ctx, run, e, lost); err != nil {
			return err
		}
	}
}

func (sh *Shape) setShards(n int) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.shards = max(sh.shards, n)
}

func (s *Store) putShards(ctx context.Context, run string, from, to int, gen int64) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shardWriters)
	for n := from; n <= to; n++ {
		g.Go(func() error {
			err := s.Table.Put(ctx, table.Put{Item: NewRegisters(s.Keys.RunMetrics(run, n), gen), Cond: table.Absent()})
			if _, isLost := document.AsConditionError(err); isLost {
				return nil
			}
			return err
		})
	}
	return g.Wait()
}
