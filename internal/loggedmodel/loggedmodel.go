package loggedmodel

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/randomname"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Tombstone takes the place of the document of a logged model that
// is gone for good, see the notes on tombstones.
func (s *Store) Tombstone(id string) table.Item {
	return table.NewItem(s.Keys.LoggedModel(id),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Stage, Value: table.String(document.TombstoneStage)},
		s.ExpiresIn(workspace.TombstoneAge))
}

// Create makes a logged model, which is pending, in an active experiment and
// returns it.
func (s *Store) Create(ctx context.Context, p mlflow.CreateLoggedModelParams) (*mlflow.LoggedModel, error) {
	if err := validateLoggedModelName(p.Name); err != nil {
		return nil, err
	}
	exp, e, err := s.experiments.Active(ctx, p.ExperimentID)
	if err != nil {
		return nil, err
	}
	m, err := s.newLoggedModel(exp, p)
	if err != nil {
		return nil, err
	}
	whole := m.entity(e, nil)
	spilled, err := s.insertLoggedModel(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := s.experiments.Confirm(ctx, exp, func() error { return s.takeBackLoggedModel(ctx, m, spilled) }); err != nil {
		return nil, err
	}
	return whole, nil
}

// validateLoggedModelName refuses the names that MLflow refuses.
// Source: MLflow 3.17, utils/validation.py, _validate_logged_model_name.
func validateLoggedModelName(name string) error {
	if !strings.ContainsAny(name, `/:.%"'`) {
		return nil
	}
	return failure.Invalidf("Invalid model name (%s) provided. Model name must be a non-empty string and cannot contain "+
		`the following characters: ('/', ':', '.', '%%', '"', "'")`, pyrepr.String(name))
}

// newLoggedModel makes the document of a new model, with all of its tags and
// params, however many.
func (s *Store) newLoggedModel(exp string, p mlflow.CreateLoggedModelParams) (*Document, error) {
	params := make([]mlflow.Tag, len(p.Params))
	for i, x := range p.Params {
		params[i] = mlflow.Tag(x)
	}
	for what, list := range map[string][]mlflow.Tag{"Params": params, "Tags": p.Tags} {
		if key, twice := document.RepeatedKey(list); twice {
			return nil, failure.Errorf(mlflow.CodeBadRequest, "%s of a logged model must not repeat. Key %s occurs twice.",
				what, pyrepr.String(key))
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, failure.Errorf(mlflow.CodeInternalError, "No random numbers: %v", err)
	}
	name := p.Name
	if name == "" {
		name = randomname.New(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	}
	now := s.NowMillis()
	return &Document{
		Meta: document.Meta{}.Next(), ID: "m-" + strings.ReplaceAll(id.String(), "-", ""), Exp: exp, Name: name,
		ModelType: p.ModelType, Run: p.SourceRunID, status: mlflow.LoggedModelPending, Stage: mlflow.StageActive,
		created: now, Updated: now, tags: packed.DictOf(p.Tags), params: packed.DictOf(params),
	}, nil
}

// insertLoggedModel writes a new model, the document last. It returns the items
// of what does not fit the document.
func (s *Store) insertLoggedModel(ctx context.Context, m *Document) (spilled []table.Item, err error) {
	tags, params := m.tags, m.params
	m.tags, m.params = nil, nil
	spilled = slices.Concat(
		document.OverflowItems(m.setEntries(&m.tags, tags), func(key string) table.Key {
			return s.Keys.LoggedModelOverflow(m.ID, keys.TagPrefix, key)
		}),
		document.OverflowItems(m.setEntries(&m.params, params), func(key string) table.Key {
			return s.Keys.LoggedModelOverflow(m.ID, keys.ParamPrefix, key)
		}))
	if len(spilled) > 0 {
		if err := s.Table.BatchWrite(table.DeferSync(ctx), spilled, nil); err != nil {
			return nil, err
		}
	}
	if err := s.CheckBegun(m.created, "The logged model"); err != nil {
		return nil, err
	}
	err = s.Table.Transact(ctx, uuid.NewString(), s.loggedModelOps(nil, m)...)
	if lost, ok := errors.AsType[*table.CanceledError](err); ok && lost.Failed[0] != nil {
		if !document.MetaOf(lost.Failed[0].Item).Wrote(m.Meta) {
			return nil, workspace.ErrNotCreated("The logged model")
		}
		err = nil // our own write, whose reply was lost
	}
	if err == nil {
		s.documents.Add(s.Own(m.ID), m)
	}
	return spilled, err
}

// takeBackLoggedModel removes a model that has just been made: in one
// transaction its rows, and the document for a tombstone, unless somebody has
// changed it. What does not fit the document is garbage from then on, which a
// crash leaves.
func (s *Store) takeBackLoggedModel(ctx context.Context, m *Document, spilled []table.Item) error {
	s.Forget(m.ID)
	ops := []table.Op{
		table.Put{Item: s.Tombstone(m.ID), Cond: m.IsRev()},
		table.Delete{Key: s.Keys.LoggedModelRow(m.Exp, m.created, m.ID)},
	}
	if m.Run != "" {
		ops = append(ops, table.Delete{Key: s.Keys.LoggedModelOfRun(m.Exp, m.Run, m.created, m.ID)})
	}
	if err := s.Table.Transact(ctx, uuid.NewString(), ops...); document.IsCanceled(err) {
		return nil
	} else if err != nil {
		return err
	}
	rows := make([]table.Key, len(spilled))
	for i := range spilled {
		rows[i] = spilled[i].Key
	}
	return s.Table.BatchWrite(ctx, nil, rows)
}

// Get returns a logged model that is not deleted.
func (s *Store) Get(ctx context.Context, id string) (*mlflow.LoggedModel, error) {
	m, err := s.GetAny(ctx, id)
	if err == nil && m.LifecycleStage != mlflow.StageActive {
		return nil, errLoggedModelNotFound(id)
	}
	return m, err
}

// GetAny is GetLoggedModel for models that may be deleted.
func (s *Store) GetAny(ctx context.Context, id string) (*mlflow.LoggedModel, error) {
	l, err := s.loadLoggedModel(ctx, id)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, errLoggedModelNotFound(id)
	}
	e, err := s.experiments.FreshState(ctx, l.Exp)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, errLoggedModelNotFound(id)
	}
	return l.entity(e, l.points), nil
}

// Finalize sets the status of a logged model, deleted or not, and returns it.
func (s *Store) Finalize(ctx context.Context, id string, status mlflow.LoggedModelStatus) (*mlflow.LoggedModel, error) {
	switch status {
	case mlflow.LoggedModelUnspecified, mlflow.LoggedModelPending, mlflow.LoggedModelReady, mlflow.LoggedModelFailed:
	default:
		return nil, failure.Invalidf("Unknown model status: %s", status)
	}
	m, err := s.Mutate(ctx, id, true, func(c *Change) (bool, error) {
		c.status, c.Updated = status, max(s.NowMillis(), c.Updated)
		return true, nil
	}, nil)
	if err != nil {
		return nil, err
	}
	e, err := s.experiments.RecentState(ctx, m.Exp)
	if err != nil {
		return nil, err
	}
	if e == nil || !m.whole() {
		return s.GetAny(ctx, id)
	}
	l, err := withInlinePoints(m)
	if err != nil {
		return nil, err
	}
	return l.entity(e, l.points), nil
}

// Delete marks a logged model as deleted.
func (s *Store) Delete(ctx context.Context, id string) error {
	cfg, err := s.settings.Current(ctx)
	if err != nil {
		return err
	}
	_, err = s.Mutate(ctx, id, true, func(c *Change) (bool, error) {
		c.Stage, c.Updated = mlflow.StageDeleted, max(s.NowMillis(), c.Updated)
		c.Expiry = s.ExpiryIn(cfg.Policy.SoftDeleted)
		return true, nil
	}, nil)
	return err
}
