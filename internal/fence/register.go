package fence

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// CheckRunActive reads whether a run is active.
func (s *Store) CheckRunActive(ctx context.Context, runID string, e *experiment.State) error {
	h, err := s.ReadHead(ctx, runID)
	if err != nil {
		return err
	}
	if h == nil {
		return run.ErrNotFound(runID)
	}
	return h.CheckActive(e)
}

// RaiseRegisters raises the registers of a run to at least the given ones. An
// update of an item is atomic; keys of several items, or more than one update
// takes, are not together.
func (s *Store) RaiseRegisters(ctx context.Context, run string, e *experiment.State, registers packed.Dict) error {
	sh, err := s.shapeOf(ctx, run)
	if err != nil {
		return err
	}
	if sh.add(registers) {
		if err := s.addShards(ctx, run, e, sh); err != nil {
			return err
		}
	}
	for attempt := 0; ; attempt++ {
		err := s.raiseShards(ctx, run, e, sh, registers)
		if !errors.Is(err, table.ErrLimit) || sh.shardCount() >= maxShards || attempt > 3 {
			return err
		}
		// An item is full although this process knew of few keys.
		if err := s.addShards(ctx, run, e, sh); err != nil {
			return err
		}
	}
}

// raiseShards raises registers in the items that they belong to.
func (s *Store) raiseShards(ctx context.Context, run string, e *experiment.State, sh *Shape, registers packed.Dict) error {
	n := sh.shardCount()
	if n == 0 {
		return s.raiseItem(ctx, run, 0, e, registers)
	}
	byShard := map[int]packed.Dict{}
	for i := 0; i < len(registers); i += 2 {
		k := shardOf(registers[i], n)
		byShard[k] = append(byShard[k], registers[i], registers[i+1])
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shardWriters)
	for k, d := range byShard {
		g.Go(func() error { return s.raiseItem(ctx, run, k, e, d) })
	}
	return g.Wait()
}

func (s *Store) raiseItem(ctx context.Context, run string, shard int, e *experiment.State, registers packed.Dict) error {
	for part := range slices.Chunk(registers, 2*table.MaxRaise) {
		if err := s.raise(ctx, run, shard, e, part); err != nil {
			return err
		}
	}
	return nil
}

// raise raises registers of one item. Those that are beaten are left out when
// the update comes back; registers that are closed are opened with the update
// itself, in a generation in which the head is open.
func (s *Store) raise(ctx context.Context, run string, shard int, e *experiment.State, registers packed.Dict) error {
	u := table.Update{Key: s.Keys.RunMetrics(run, shard), Cond: IsOpen()}
	for attempt := 0; ; attempt++ {
		u.Raise = raiseAttrs(registers)
		_, err := s.Table.Update(ctx, s.stamped(u))
		lost, isLost := document.AsConditionError(err)
		if !isLost {
			return err
		}
		if registers = unbeaten(registers, lost.Item); len(registers) == 0 && lost.Found {
			if lost.Item.Str(keys.State) == keys.StateOpen {
				return nil
			}
			return s.CheckRunActive(ctx, run, e)
		}
		if u, err = s.reopening(ctx, run, shard, e, lost); err != nil {
			return err
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return err
		}
	}
}

// stamped adds the time of the change, which tells idle runs.
func (s *Store) stamped(u table.Update) table.Update {
	u.Set = append(u.Set, table.Attr{Name: keys.Changed, Value: table.Number(s.NowMillis())})
	return u
}

// reopening returns the update to try next, after one that found lost: an
// ordinary one if the registers are open, else one that opens them.
func (s *Store) reopening(ctx context.Context, run string, shard int, e *experiment.State, lost *table.ConditionError) (table.Update, error) {
	u := table.Update{Key: s.Keys.RunMetrics(run, shard), Cond: IsOpen()}
	if s.IsAbsent(lost) {
		return u, s.goneRun(run)
	}
	if lost.Item.Str(keys.State) == keys.StateOpen {
		return u, nil
	}
	was := lost.Item.Num(keys.Gen)
	h, err := s.openHead(ctx, run, e, was)
	if err != nil {
		return u, err
	}
	u.Cond = table.Equal(
		table.Attr{Name: keys.Gen, Value: table.Number(was)},
		table.Attr{Name: keys.State, Value: table.String(keys.StateClosed)})
	u.Set = []table.Attr{
		{Name: keys.Gen, Value: table.Number(h.Gen)},
		{Name: keys.State, Value: table.String(keys.StateOpen)},
	}
	return u, nil
}

// goneRun forgets a run whose registers are gone, and with them the run.
func (s *Store) goneRun(id string) error {
	s.ForgetRun(id)
	return run.ErrNotFound(id)
}

// openHead opens the head of an active run in a generation above one in which
// registers were closed.
func (s *Store) openHead(ctx context.Context, runID string, e *experiment.State, above int64) (*run.Head, error) {
	return s.ChangeHead(ctx, runID, func(h *run.Head) (bool, error) {
		if err := h.CheckActive(e); err != nil {
			return false, err
		}
		if h.Open && h.Gen > above {
			return false, nil
		}
		h.Gen, h.Open = max(h.Gen, above)+1, true
		return true, nil
	})
}

// OpenRegisters opens the first register item of a run that was found closed.
func (s *Store) OpenRegisters(ctx context.Context, run string, e *experiment.State, lost *table.ConditionError) error {
	u, err := s.reopening(ctx, run, 0, e, lost)
	if err != nil || len(u.Set) == 0 {
		return err
	}
	_, err = s.Table.Update(ctx, s.stamped(u))
	if _, isLost := document.AsConditionError(err); isLost {
		return nil // somebody else has moved it; the caller looks again
	}
	return err
}

func raiseAttrs(registers packed.Dict) []table.Attr {
	attrs := make([]table.Attr, 0, registers.Len())
	for i := 0; i < len(registers); i += 2 {
		attrs = append(attrs, table.Attr{Name: keys.MetricAttr + registers[i], Value: table.Bytes(registers[i+1])})
	}
	return attrs
}

// unbeaten returns the registers that are greater than those of it.
func unbeaten(registers packed.Dict, it table.Item) packed.Dict {
	var out packed.Dict
	for i := 0; i < len(registers); i += 2 {
		if it.Str(keys.MetricAttr+registers[i]) < registers[i+1] {
			out = append(out, registers[i], registers[i+1])
		}
	}
	return out
}

// NewRegisters is an open register item without registers.
func NewRegisters(key table.Key, gen int64) table.Item {
	return table.NewItem(key,
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Gen, Value: table.Number(gen)},
		table.Attr{Name: keys.Shards, Value: table.Number(0)},
		table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)})
}
