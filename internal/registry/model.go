package registry

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// CreateRegisteredModel makes a registered model, or a prompt.
func (s *Store) CreateRegisteredModel(ctx context.Context, p mlflow.CreateRegisteredModelParams) (*mlflow.RegisteredModel, error) {
	if err := validate.NewModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	if err := validate.ModelTags(p.Tags, false); err != nil {
		return nil, err
	}
	// A name that is taken costs a read, not rows that nobody needs.
	old, err := s.Load(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	id, err := s.newModelID()
	if err != nil {
		return nil, err
	}
	m := &Model{Meta: document.Meta{}.Next(), ID: id, Name: p.Name, created: s.NowMillis()}
	m.updated = m.created
	rest := m.fill(s.modelNoteKey(id), p.Description, p.Tags)
	if old == nil {
		if old, err = s.insertModel(ctx, m, rest); err != nil {
			return nil, err
		}
	}
	if old != nil {
		return nil, s.errModelTaken(ctx, p, old)
	}
	whole := m.Clone()
	whole.notes = newNotes(p.Description, p.Tags)
	return whole.entity(nil), nil
}

// newModelID returns an id that is never used again and says when it was made,
// by the Store's clock: a UUID of version 7 without dashes.
func (s *Store) newModelID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", failure.Errorf(mlflow.CodeInternalError, "No random numbers: %v", err)
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(s.NowMillis())) //nolint:gosec // times are not negative
	copy(id[:6], at[2:])
	return hex.EncodeToString(id[:]), nil
}

// insertModel writes a new model: document and pointer must be absent. rest is
// what does not fit the document. It returns the model that has the name, if
// that is another one.
func (s *Store) insertModel(ctx context.Context, m *Model, rest []table.Item) (old *Model, err error) {
	if err := s.Table.BatchWrite(table.DeferSync(ctx), rest, nil); err != nil {
		return nil, err
	}
	if _, err := s.putModelTrigrams(table.DeferSync(ctx), nil, m); err != nil {
		return nil, err
	}
	what := fmt.Sprintf("The registered model %q", m.Name)
	if err := s.CheckBegun(m.created, what); err != nil {
		return nil, err
	}
	ops := append([]table.Op{
		table.Put{Item: encodeModel(s.Keys.RegisteredModel(m.Name), m), Cond: table.Absent()},
		table.Put{Item: modelPointer(s.Keys.ModelPointer(m.ID), m), Cond: table.Absent()},
	}, s.CheckLive()...)
	err = s.Table.Transact(ctx, uuid.NewString(), ops...)
	lost, ok := errors.AsType[*table.CanceledError](err)
	if !ok {
		return nil, err
	}
	if gone := s.NotLive(lost, len(ops)); gone != nil {
		return nil, gone
	}
	if c := lost.Failed[0]; c != nil && c.Found {
		old, err = decodeModel(c.Item)
		if err != nil || old.Wrote(m.Meta) { // our own earlier write, whose reply was lost
			return nil, err
		}
		return old, nil
	}
	return nil, workspace.ErrNotCreated(what) // a tombstone is there
}

// errModelTaken words a name that is taken as MLflow does, which goes by whether
// the tag of prompts is there, whatever its value.
// Source: MLflow 3.17, prompt/registry_utils.py, handle_resource_already_exist_error.
func (s *Store) errModelTaken(ctx context.Context, p mlflow.CreateRegisteredModelParams, old *Model) error {
	_, was := old.entries[noteTag].Get(isPromptTag)
	if !was && old.frozen {
		var err error
		if _, was, err = s.Table.Get(ctx, s.Keys.ModelOverflow(old.ID, keys.TagPrefix, isPromptTag), table.Strong); err != nil {
			return err
		}
	}
	is := slices.ContainsFunc(p.Tags, func(t mlflow.Tag) bool { return t.Key == isPromptTag })
	kind := map[bool]string{true: "Prompt", false: "Registered Model"}
	if is == was {
		return failure.Errorf(mlflow.CodeResourceAlreadyExists, "%s (name=%s) already exists.", kind[is], p.Name)
	}
	return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Tried to create a %s with name %s, but the name is already taken by a %s. "+
		"MLflow does not allow creating a model and a prompt with the same name.",
		strings.ToLower(kind[is]), pyrepr.String(p.Name), strings.ToLower(kind[was]))
}

// GetRegisteredModel returns a registered model with the latest version of each
// stage.
func (s *Store) GetRegisteredModel(ctx context.Context, name string) (*mlflow.RegisteredModel, error) {
	if err := validate.ModelName(name, "name"); err != nil {
		return nil, err
	}
	m, latest, err := s.readWholeModel(ctx, name, ErrNoModel(name), "", latestOf)
	if err != nil {
		return nil, err
	}
	return m.entity(latest), nil
}

// UpdateRegisteredModel sets the description of a registered model.
func (s *Store) UpdateRegisteredModel(ctx context.Context, p mlflow.UpdateRegisteredModelParams) (*mlflow.RegisteredModel, error) {
	return s.changeModel(ctx, p.Name, func(_ context.Context, cur *Model) (*Model, error) {
		next := cur.Clone()
		next.updated = s.nextModelTime(cur)
		next.ops = next.describeOp(s.modelNoteKey(cur.ID), p.Description)
		return next, nil
	})
}

// changeModel is Mutate for methods that return the model.
func (s *Store) changeModel(ctx context.Context, name string,
	apply func(ctx context.Context, cur *Model) (*Model, error),
) (*mlflow.RegisteredModel, error) {
	if err := validate.ModelName(name, "name"); err != nil {
		return nil, err
	}
	m, err := s.Mutate(ctx, name, ErrNoModel(name), apply)
	if err != nil {
		return nil, err
	}
	r, err := s.modelEntity(ctx, m)
	return r, err
}

// RenameRegisteredModel gives a registered model, and with it all its versions,
// another name.
func (s *Store) RenameRegisteredModel(ctx context.Context, name, newName string) (*mlflow.RegisteredModel, error) {
	if err := validate.NewModelName(newName, "new_name"); err != nil {
		return nil, err
	}
	return s.changeModel(ctx, name, func(_ context.Context, cur *Model) (*Model, error) {
		next := cur.Clone()
		next.updated = s.nextModelTime(cur)
		next.Name, next.renamed = newName, next.updated
		return next, nil
	})
}

// DeleteRegisteredModel deletes a registered model with all its versions.
func (s *Store) DeleteRegisteredModel(ctx context.Context, name string) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	m, err := s.Mutate(ctx, name, ErrNoModel(name), func(_ context.Context, cur *Model) (*Model, error) {
		next := cur.Clone()
		next.gone = true
		return next, nil
	})
	if err != nil {
		return err
	}
	if err := s.removeModelRows(table.DeferSync(ctx), m); err != nil {
		s.Logger.WarnContext(ctx, "rows of a deleted model stay until a garbage collection", "model", m.ID, "error", err)
	}
	return nil
}
