package dynamodbstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/randomname"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// CreateLoggedModel makes a logged model, which is pending, in an active
// experiment and returns it. A key of params or tags that is given twice is
// BAD_REQUEST, as in MLflow; the text is our own.
//
// Atomic: one transaction of document and rows. Params and tags that do not
// fit the document are written before; without a document nobody sees them,
// and a garbage collection removes them. As with [Store.CreateRun] the
// experiment is read behind that, and the model taken back if it is deleted. 2
// requests, 4 WCU for a small model, 6 with a source run, 1 RCU for each 4 KB of
// the experiment; 1 more request and RCU unless it was used within a second.
func (s *Store) CreateLoggedModel(ctx context.Context, p CreateLoggedModelParams) (*LoggedModel, error) {
	if err := validateLoggedModelName(p.Name); err != nil {
		return nil, err
	}
	exp, e, err := s.activeExperiment(ctx, p.ExperimentID)
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
		return nil, failure(err)
	}
	if err := s.confirm(ctx, exp, func() error { return s.takeBackLoggedModel(ctx, m, spilled) }); err != nil {
		return nil, failure(err)
	}
	return whole, nil
}

// validateLoggedModelName refuses the names that MLflow refuses.
// Source: MLflow 3.17, utils/validation.py, _validate_logged_model_name.
func validateLoggedModelName(name string) error {
	if !strings.ContainsAny(name, `/:.%"'`) {
		return nil
	}
	return invalidf("Invalid model name (%s) provided. Model name must be a non-empty string and cannot contain "+
		`the following characters: ('/', ':', '.', '%%', '"', "'")`, pyrepr.String(name))
}

// newLoggedModel makes the document of a new model, with all of its tags and
// params, however many.
func (s *Store) newLoggedModel(exp string, p CreateLoggedModelParams) (*loggedModelDoc, error) {
	params := make([]Tag, len(p.Params))
	for i, x := range p.Params {
		params[i] = Tag(x)
	}
	for what, list := range map[string][]Tag{"Params": params, "Tags": p.Tags} {
		if key, twice := repeatedKey(list); twice {
			return nil, errorf(CodeBadRequest, "%s of a logged model must not repeat. Key %s occurs twice.",
				what, pyrepr.String(key))
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, errorf(CodeInternalError, "No random numbers: %v", err)
	}
	name := p.Name
	if name == "" {
		name = randomname.New(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	}
	now := s.nowMillis()
	return &loggedModelDoc{
		docMeta: docMeta{}.next(), id: "m-" + strings.ReplaceAll(id.String(), "-", ""), exp: exp, name: name,
		modelType: p.ModelType, run: p.SourceRunID, status: LoggedModelPending, stage: StageActive,
		created: now, updated: now, tags: dictOf(p.Tags), params: dictOf(params),
	}, nil
}

func repeatedKey(list []Tag) (string, bool) {
	seen := make(map[string]bool, len(list))
	for _, t := range list {
		if seen[t.Key] {
			return t.Key, true
		}
		seen[t.Key] = true
	}
	return "", false
}

// insertLoggedModel writes a new model, the document last. It returns the items
// of what does not fit the document.
func (s *Store) insertLoggedModel(ctx context.Context, m *loggedModelDoc) (spilled []table.Item, err error) {
	tags, params := m.tags, m.params
	m.tags, m.params = nil, nil
	spilled = slices.Concat(
		overflowItems(m.setEntries(&m.tags, tags), func(key string) table.Key {
			return s.ks.LoggedModelOverflow(m.id, keys.TagPrefix, key)
		}),
		overflowItems(m.setEntries(&m.params, params), func(key string) table.Key {
			return s.ks.LoggedModelOverflow(m.id, keys.ParamPrefix, key)
		}))
	if len(spilled) > 0 {
		if err := s.t.BatchWrite(table.DeferSync(ctx), spilled, nil); err != nil {
			return nil, err
		}
	}
	if err := s.checkBegun(m.created, "The logged model"); err != nil {
		return nil, err
	}
	err = s.t.Transact(ctx, uuid.NewString(), s.loggedModelOps(nil, m)...)
	if lost, ok := errors.AsType[*table.CanceledError](err); ok && lost.Failed[0] != nil {
		if !metaOf(lost.Failed[0].Item).wrote(m.docMeta) {
			return nil, errNotCreated("The logged model")
		}
		err = nil // our own write, whose reply was lost
	}
	if err == nil {
		s.modelDocs.Add(s.own(m.id), m)
	}
	return spilled, err
}

// takeBackLoggedModel removes a model that has just been made: in one
// transaction its rows, and the document for a tombstone, unless somebody has
// changed it. What does not fit the document is garbage from then on, which a
// crash leaves.
func (s *Store) takeBackLoggedModel(ctx context.Context, m *loggedModelDoc, spilled []table.Item) error {
	s.forgetLoggedModel(m.id)
	ops := []table.Op{
		table.Put{Item: s.loggedModelTombstone(m.id), Cond: m.isRev()},
		table.Delete{Key: s.ks.LoggedModelRow(m.exp, m.created, m.id)},
	}
	if m.run != "" {
		ops = append(ops, table.Delete{Key: s.ks.LoggedModelOfRun(m.exp, m.run, m.created, m.id)})
	}
	if err := s.t.Transact(ctx, uuid.NewString(), ops...); isCanceled(err) {
		return nil
	} else if err != nil {
		return err
	}
	rows := make([]table.Key, len(spilled))
	for i := range spilled {
		rows[i] = spilled[i].Key
	}
	return s.t.BatchWrite(ctx, nil, rows)
}

func overflowItems(d dict, key func(string) table.Key) []table.Item {
	var items []table.Item
	for ; len(d) > 0; d = d[2:] {
		items = append(items, overflowItem(key(d[0]), d[0], d[1]))
	}
	return items
}

// GetLoggedModel returns a logged model that is not deleted;
// RESOURCE_DOES_NOT_EXIST if there is none. All of it is read in one query,
// which is not a snapshot across items. 2 requests, 2 RCU for a model below
// 4 KB.
func (s *Store) GetLoggedModel(ctx context.Context, id string) (*LoggedModel, error) {
	m, err := s.GetAnyLoggedModel(ctx, id)
	if err == nil && m.LifecycleStage != StageActive {
		return nil, errLoggedModelNotFound(id)
	}
	return m, err
}

// GetAnyLoggedModel is [Store.GetLoggedModel] for models that may be deleted.
func (s *Store) GetAnyLoggedModel(ctx context.Context, id string) (*LoggedModel, error) {
	l, err := s.loadLoggedModel(ctx, id)
	if err != nil {
		return nil, failure(err)
	}
	if l == nil {
		return nil, errLoggedModelNotFound(id)
	}
	e, err := s.freshState(ctx, l.exp)
	if err != nil {
		return nil, failure(err)
	}
	if e == nil {
		return nil, errLoggedModelNotFound(id)
	}
	return l.entity(e, l.points), nil
}

// FinalizeLoggedModel sets the status of a logged model, deleted or not, and
// returns it. Atomic. 1 request and 4 WCU for a small model; 1 request and 1
// RCU more for each of model and experiment that was not used lately, or if the
// model has data outside of its document.
func (s *Store) FinalizeLoggedModel(ctx context.Context, id string, status LoggedModelStatus) (*LoggedModel, error) {
	switch status {
	case LoggedModelUnspecified, LoggedModelPending, LoggedModelReady, LoggedModelFailed:
	default:
		return nil, invalidf("Unknown model status: %s", status)
	}
	m, err := s.mutateLoggedModel(ctx, id, true, func(c *loggedModelChange) (bool, error) {
		c.status, c.updated = status, max(s.nowMillis(), c.updated)
		return true, nil
	}, nil)
	if err != nil {
		return nil, failure(err)
	}
	e, err := s.recentState(ctx, m.exp)
	if err != nil {
		return nil, failure(err)
	}
	if e == nil || !m.whole() {
		return s.GetAnyLoggedModel(ctx, id)
	}
	l, err := withInlinePoints(m)
	if err != nil {
		return nil, failure(err)
	}
	return l.entity(e, l.points), nil
}

// DeleteLoggedModel marks a logged model as deleted; it expires after the
// retention of soft-deleted entities. Deleting a deleted one only moves its
// update time and expiry, as nothing restores a logged model. Atomic. 1 or 2
// requests, 6 WCU for a small model, 8 with a source run.
func (s *Store) DeleteLoggedModel(ctx context.Context, id string) error {
	cfg, err := s.settings.current(ctx)
	if err != nil {
		return failure(err)
	}
	_, err = s.mutateLoggedModel(ctx, id, true, func(c *loggedModelChange) (bool, error) {
		c.stage, c.updated = StageDeleted, max(s.nowMillis(), c.updated)
		c.expiry = s.expiryIn(cfg.policy.softDeleted)
		return true, nil
	}, nil)
	return failure(err)
}
