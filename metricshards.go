package dynamodbstore

import (
	"context"
	"hash/fnv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
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
	registerOverhead = len(keys.MetricAttr) + registerSize
	// shardWriters bounds the register items of one run written at once.
	shardWriters = 16
)

// metricShape is what is known of the register items of a run. It may be out
// of date: then a condition fails or an item is a little larger than planned.
type metricShape struct {
	exp string

	mu     sync.Mutex
	shards int
	seen   map[uint64]struct{} // hashes of the keys known to be stored
	bytes  int                 // of their registers
	pile   pile                // records written since the last roll-up
}

// newShape is the shape of a run that was just made.
func newShape(exp string) *metricShape {
	return &metricShape{exp: exp, seen: map[uint64]struct{}{}}
}

// add notes stored keys, and reports whether the run needs more shards.
func (sh *metricShape) add(registers dict) bool {
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

// addRecords notes history records, and reports whether rolling up pays.
func (sh *metricShape) addRecords(p pile) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.pile.add(p)
	return worthOf(false).pays(sh.pile, len(sh.seen))
}

// recordsPay reports whether rolling up pays.
func (sh *metricShape) recordsPay(settled bool) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return worthOf(settled).pays(sh.pile, len(sh.seen))
}

func (sh *metricShape) forgetRecords() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.pile = pile{}
}

func (sh *metricShape) shardCount() int {
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

// knownShape returns the shape of a run's registers if it is known.
func (s *Store) knownShape(run string) (*metricShape, bool) { return s.shapes.Get(s.own(run)) }

// rememberNew remembers a run that was made just now, with no metrics.
func (s *Store) rememberNew(h *runHead) {
	s.cacheHead(h)
	s.shapes.Add(s.own(h.id), newShape(h.exp))
}

// shapeOf returns the known shape of a run's registers, or reads it.
func (s *Store) shapeOf(ctx context.Context, run string) (*metricShape, error) {
	if sh, ok := s.knownShape(run); ok {
		return sh, nil
	}
	exp, err := s.experimentOfRun(ctx, run)
	if err != nil {
		return nil, err
	}
	it, found, err := s.t.Get(ctx, s.ks.RunMetrics(run, 0), table.Strong)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errRunNotFound(run)
	}
	sh := newShape(exp)
	sh.shards = int(it.Num(keys.Shards))
	sh.add(registersOf(it))
	s.shapes.Add(s.own(run), sh)
	return sh, nil
}

// addShards gives a run more register items. The new ones are put if absent
// first, then the first item says how many there are, on the condition that
// it is open: who closes it after that closes them too. Registers stay where
// they are; readers merge.
func (s *Store) addShards(ctx context.Context, run string, e *expState, sh *metricShape) error {
	was := sh.shardCount()
	n := min(max(1, was)*shardGrowth, maxShards)
	it, found, err := s.t.Get(ctx, s.ks.RunMetrics(run, 0), table.Strong)
	if err != nil {
		return err
	}
	if !found {
		return errRunNotFound(run)
	}
	if now := int(it.Num(keys.Shards)); now > was {
		sh.setShards(now)
		return nil
	}
	if err := s.putShards(ctx, run, was+1, n, it.Num(keys.Gen)); err != nil {
		return err
	}
	return s.announceShards(ctx, run, e, sh, was, n)
}

// announceShards raises the number of register items from was to n, unless
// somebody else did.
func (s *Store) announceShards(ctx context.Context, run string, e *expState, sh *metricShape, was, n int) error {
	for {
		_, err := s.t.Update(ctx, table.Update{
			Key: s.ks.RunMetrics(run, 0),
			Cond: table.Equal(
				table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)},
				table.Attr{Name: keys.Shards, Value: table.Number(int64(was))}),
			Set: []table.Attr{{Name: keys.Shards, Value: table.Number(int64(n))}},
		})
		lost, isLost := asConditionError(err)
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
		if err := s.openRegisters(ctx, run, e, lost); err != nil {
			return err
		}
	}
}

func (sh *metricShape) setShards(n int) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.shards = max(sh.shards, n)
}

func (s *Store) putShards(ctx context.Context, run string, from, to int, gen int64) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shardWriters)
	for n := from; n <= to; n++ {
		g.Go(func() error {
			err := s.t.Put(ctx, table.Put{Item: newRegisters(s.ks.RunMetrics(run, n), gen), Cond: table.Absent()})
			if _, isLost := asConditionError(err); isLost {
				return nil
			}
			return err
		})
	}
	return g.Wait()
}
