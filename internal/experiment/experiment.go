package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const defaultExperimentName = "Default"

// Create makes an experiment and returns its id.
func (s *Store) Create(ctx context.Context, p mlflow.CreateExperimentParams) (string, error) {
	if err := s.validateNewExperiment(p); err != nil {
		return "", err
	}
	// A name that is taken costs a read, not an id and rows that nobody needs.
	if _, taken, err := s.Table.Get(ctx, s.Keys.ExperimentName(p.Name), table.Strong); err != nil {
		return "", err
	} else if taken {
		return "", errNameTaken(p.Name)
	}
	// The counter is raised first: an id given out is never given out again,
	// whatever happens to its experiment.
	seq, err := s.Table.Update(table.DeferSync(ctx), table.Update{
		Key:    keys.Sequence(),
		Add:    []table.Attr{{Name: keys.Next, Value: table.Number(1)}},
		Return: true,
	})
	if err != nil {
		return "", err
	}
	id := strconv.FormatInt(seq.Num(keys.Next), 10)
	if err := s.insertExperiment(ctx, id, p); err != nil {
		return "", err
	}
	return id, nil
}

// ensureTries is how often EnsureExperiment looks again when the experiment of
// its name comes and goes.
const ensureTries = 5

// Ensure returns the id of the active experiment of a name and makes it, with
// what else p has, if there is none of that name.
func (s *Store) Ensure(ctx context.Context, p mlflow.CreateExperimentParams) (string, error) {
	if err := s.validateNewExperiment(p); err != nil {
		return "", err
	}
	var err error
	for range ensureTries {
		var e *mlflow.Experiment
		e, err = s.GetByName(ctx, p.Name)
		switch {
		case err == nil && e.LifecycleStage != mlflow.StageActive:
			return "", failure.Invalidf("Cannot set a deleted experiment %s as the active experiment. You can restore the experiment, "+
				"or permanently delete the experiment to create a new one.", pyrepr.String(p.Name))
		case err == nil:
			return e.ID, table.Sync(ctx, s.Table) // another's creation may not be on disk yet
		case !errors.Is(err, mlflow.ErrNotFound):
			return "", err
		}
		var id string
		if id, err = s.Create(ctx, p); !errors.Is(err, mlflow.ErrAlreadyExists) {
			return id, err
		}
	}
	return "", err
}

func (s *Store) validateNewExperiment(p mlflow.CreateExperimentParams) error {
	if err := validate.ExperimentName(p.Name); err != nil {
		return err
	}
	if !utf8.ValidString(p.Name) {
		return failure.Invalidf("Invalid experiment name: %q. It is not UTF-8.", p.Name)
	}
	for _, t := range p.Tags {
		if err := validate.ExperimentTag(t.Key, t.Value); err != nil {
			return err
		}
	}
	if p.ArtifactLocation == "" {
		return nil
	}
	return validate.ArtifactLocation(p.ArtifactLocation)
}

// Contents counts the experiments of the workspace, deleted ones too, up to limit.
// 1 request, 1 RCU for each 4 KB of their rows.
func (s *Store) Contents(ctx context.Context, limit int) (of string, count int, err error) {
	q := table.Query{PK: s.Keys.ExperimentsPK(), From: keys.CreatedPrefix, To: table.PrefixEnd(keys.CreatedPrefix), Limit: limit}
	count, err = table.CountItems(ctx, s.Table, q, limit)
	return "experiments", count, err
}

// CreateDefault makes experiment 0, "Default", unless it is there.
func (s *Store) CreateDefault(ctx context.Context) error {
	_, found, err := s.Table.Get(ctx, s.Keys.Experiment(mlflow.DefaultExperimentID), table.Strong)
	if err != nil || found {
		return err
	}
	err = s.insertExperiment(ctx, mlflow.DefaultExperimentID, mlflow.CreateExperimentParams{Name: defaultExperimentName})
	if errors.Is(err, mlflow.ErrAlreadyExists) {
		return nil // another process was first
	}
	return err
}

// insertExperiment writes a new experiment: document and name must be absent.
func (s *Store) insertExperiment(ctx context.Context, id string, p mlflow.CreateExperimentParams) error {
	now := s.NowMillis()
	e := &Document{
		Meta: document.Meta{}.Next(), ID: id, Name: p.Name, Artifact: p.ArtifactLocation,
		Stage: mlflow.StageActive, Gen: 1, Created: now, Updated: now,
	}
	if e.Artifact == "" {
		e.Artifact = validate.AppendURIPath(s.ArtifactRoot, id)
	}
	// Tags that do not fit go first: without a document nobody sees them.
	e.setTags(packed.DictOf(p.Tags))
	if err := s.Table.BatchWrite(table.DeferSync(ctx), s.tagItems(e), nil); err != nil {
		return err
	}
	if _, err := s.putTrigrams(table.DeferSync(ctx), nil, e); err != nil {
		return err
	}
	ops, err := s.experimentOps(ctx, nil, e)
	if err != nil {
		return err
	}
	name := s.Keys.ExperimentName(e.Name)
	ops = append(ops, table.Put{Item: nameRow(name, e), Cond: table.Absent()})
	ops = append(ops, s.CheckLive()...)
	if err := s.CheckBegun(e.Created, experimentText(e)); err != nil {
		return err
	}
	err = s.Table.Transact(ctx, uuid.NewString(), ops...)
	if lost, ok := errors.AsType[*table.CanceledError](err); ok {
		if gone := s.NotLive(lost, len(ops)); gone != nil {
			return gone
		}
		return s.createConflict(lost, e)
	}
	return err
}

// createConflict tells a taken name from our own earlier write whose reply
// was lost, and from a creation that took so long that a garbage collection
// has put a tombstone in its place. Another try gets another id.
func (s *Store) createConflict(lost *table.CanceledError, e *Document) error {
	if c := lost.Failed[0]; c != nil && c.Found {
		if document.MetaOf(c.Item).Wrote(e.Meta) {
			return nil
		}
		if c.Item.Str(keys.Stage) == document.TombstoneStage {
			return workspace.ErrNotCreated(experimentText(e))
		}
	}
	return errNameTaken(e.Name)
}

func experimentText(e *Document) string { return fmt.Sprintf("The experiment %q", e.Name) }

func errNameTaken(name string) error {
	return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Experiment(name=%s) already exists.", name)
}

func nameRow(key table.Key, e *Document) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.ExpID, Value: table.String(e.ID)},
		{Name: keys.Name, Value: table.String(e.Name)},
	}
	return table.NewItem(key, document.AppendExpiry(attrs, e.Expiry)...)
}

func experimentRow(key table.Key, e *Document, packed string) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.ExpID, Value: table.String(e.ID)},
	}
	if packed != "" {
		attrs = append(attrs, table.Attr{Name: keys.Packed, Value: table.Bytes(packed)})
	}
	return table.NewItem(key, document.AppendExpiry(attrs, e.Expiry)...)
}

// setTags sets tags inline while they fit; the others will stand in items of
// their own. e must be a copy that may be changed.
func (e *Document) setTags(tags packed.Dict) {
	own := document.InlineEntries{
		EntryRules: document.EntryRules{Budget: experimentBudget, Limit: experimentBudget, Padding: document.EntryPadding},
		Inline:     &e.tags, Size: e.tags.Size(), Frozen: &e.frozen,
	}
	e.spilled = e.spilled.Merge(own.Set(tags))
}

// Load reads the document, nil if there is none.
func (s *Store) Load(ctx context.Context, id string) (*Document, error) {
	return document.ReadDocument(ctx, s.Table, s.Keys.Experiment(id), func(it table.Item) (*Document, error) {
		return Decode(id, it)
	})
}

// LoadWhole reads the document and its tags that stand elsewhere.
func (s *Store) LoadWhole(ctx context.Context, id string) (*Document, error) {
	e, err := s.Load(ctx, id)
	if err != nil || e == nil || !e.frozen {
		return e, err
	}
	pk := s.Keys.Experiment(id).PK
	q := table.Query{PK: pk, From: keys.TagPrefix, To: table.PrefixEnd(keys.TagPrefix) + keys.Last}
	var spilled []mlflow.Tag
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return nil, err
		}
		spilled = append(spilled, mlflow.Tag{Key: it.Str(keys.Key), Value: it.Str(keys.Value)})
	}
	e.tags = e.tags.Merge(packed.DictOf(spilled))
	return e, nil
}

// Get returns an experiment, deleted or not.
func (s *Store) Get(ctx context.Context, id string) (*mlflow.Experiment, error) {
	if err := validate.ExperimentID(id); err != nil {
		return nil, err
	}
	id = validate.CanonicalID(id)
	e, err := s.LoadWhole(ctx, id)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, ErrNotFound(id)
	}
	return s.entity(e), nil
}

// GetByName returns the experiment of that name, deleted or not.
func (s *Store) GetByName(ctx context.Context, name string) (*mlflow.Experiment, error) {
	row, found, err := s.Table.Get(ctx, s.Keys.ExperimentName(name), table.Strong)
	if err != nil {
		return nil, err
	}
	var e *Document
	if found {
		if e, err = s.LoadWhole(ctx, row.Str(keys.ExpID)); err != nil {
			return nil, err
		}
	}
	if e == nil || e.Name != name {
		return nil, failure.Errorf(mlflow.CodeResourceDoesNotExist, "Could not find experiment with name '%s'", name)
	}
	return s.entity(e), nil
}

// Rename gives an active experiment another name.
func (s *Store) Rename(ctx context.Context, id, name string) error {
	if err := validate.ExperimentID(id); err != nil {
		return err
	}
	if err := s.validateNewExperiment(mlflow.CreateExperimentParams{Name: name}); err != nil {
		return err
	}
	return s.Mutate(ctx, validate.CanonicalID(id), func(e *Document) (*Document, error) {
		if e.Stage != mlflow.StageActive {
			return nil, failure.Errorf(mlflow.CodeInvalidState, "Cannot rename a non-active experiment.")
		}
		next := e.Clone()
		next.Name, next.Updated = name, s.NextUpdate(e)
		return next, nil
	}, func(cur, next *Document) ([]table.Op, error) {
		if cur.Name == next.Name {
			return nil, nil
		}
		return []table.Op{
			table.Put{Item: nameRow(s.Keys.ExperimentName(next.Name), next), Cond: table.Absent()},
			table.Delete{Key: s.Keys.ExperimentName(cur.Name)},
		}, nil
	})
}

// NextUpdate is the time of an update; never before the last one.
func (s *Store) NextUpdate(e *Document) int64 { return max(s.NowMillis(), e.Updated) }

// Delete marks an active experiment as deleted, and with it all its runs.
func (s *Store) Delete(ctx context.Context, id string) error {
	if err := validate.ExperimentID(id); err != nil {
		return err
	}
	id = validate.CanonicalID(id)
	cfg, err := s.settings.Current(ctx)
	if err != nil {
		return err
	}
	return s.Mutate(ctx, id, func(e *Document) (*Document, error) {
		if e.Stage != mlflow.StageActive {
			return nil, ErrNotFound(id)
		}
		next := e.Clone()
		next.Stage, next.Gen, next.Updated = mlflow.StageDeleted, e.Gen+1, s.NextUpdate(e)
		if id != mlflow.DefaultExperimentID { // which Init would make anew, with its old runs
			next.Expiry = s.ExpiryIn(cfg.Policy.SoftDeleted)
		}
		return next, nil
	}, s.RestampName)
}

// RestampName gives the name row the document's expiry.
func (s *Store) RestampName(cur, next *Document) ([]table.Op, error) {
	if cur.Expiry == next.Expiry {
		return nil, nil
	}
	return []table.Op{table.Put{Item: nameRow(s.Keys.ExperimentName(next.Name), next)}}, nil
}

// SetTag sets one tag of an active experiment.
func (s *Store) SetTag(ctx context.Context, id string, t mlflow.Tag) error {
	if err := validate.ExperimentTag(t.Key, t.Value); err != nil {
		return err
	}
	if err := validate.ExperimentID(id); err != nil {
		return err
	}
	return s.Mutate(ctx, validate.CanonicalID(id), func(e *Document) (*Document, error) {
		if err := e.checkActive(); err != nil {
			return nil, err
		}
		next := e.Clone()
		if next.setTags(packed.Dict{t.Key, t.Value}); next.spilled == nil && slices.Equal(next.tags, e.tags) {
			return e, nil
		}
		return next, nil
	}, nil)
}

// DeleteTag removes one tag of an active experiment.
func (s *Store) DeleteTag(ctx context.Context, id, key string) error {
	if err := validate.ExperimentID(id); err != nil {
		return err
	}
	id = validate.CanonicalID(id)
	missing := failure.Errorf(mlflow.CodeResourceDoesNotExist, "No tag with name: %s in experiment with id %s", key, id)
	for again := false; ; again = true {
		elsewhere, err := s.deleteTag(ctx, id, key, missing)
		if !errors.Is(err, missing) || elsewhere || again {
			return err
		}
		// It may have moved to an item of its own since that was looked for.
	}
}

// deleteTag removes one tag, and reports whether it was found in an
// item of its own; missing if it is nowhere.
func (s *Store) deleteTag(ctx context.Context, id, key string, missing error) (elsewhere bool, err error) {
	tagKey := s.Keys.ExperimentTag(id, key)
	if _, elsewhere, err = s.Table.Get(ctx, tagKey, table.Strong); err != nil {
		return elsewhere, err
	}
	return elsewhere, s.Mutate(ctx, id, func(e *Document) (*Document, error) {
		if err := e.checkActive(); err != nil {
			return nil, err
		}
		next := e.Clone()
		next.tags = e.tags.Remove(key)
		if next.tags.Len() == e.tags.Len() && !elsewhere {
			return nil, missing
		}
		return next, nil
	}, func(_, _ *Document) ([]table.Op, error) {
		if !elsewhere {
			return nil, nil
		}
		return []table.Op{table.Delete{Key: tagKey}}, nil
	})
}
