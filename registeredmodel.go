package dynamodbstore

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// CreateRegisteredModel makes a registered model, or a prompt: one with the tag
// mlflow.prompt.is_prompt = 'true'. Both share their names; a name that is
// taken is RESOURCE_ALREADY_EXISTS.
//
// Atomic: one transaction of the document, which stands at the name, and its
// pointer. Trigrams of the name, and what does not fit the document, are
// written before, where nobody follows them without a document. 3 requests, 1
// RCU, and 4 WCU below 1 KB, 1 more for each trigram: the characters of the name
// less two.
func (s *Store) CreateRegisteredModel(ctx context.Context, p CreateRegisteredModelParams) (*RegisteredModel, error) {
	if err := validateNewModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	if err := validateModelTags(p.Tags, false); err != nil {
		return nil, err
	}
	// A name that is taken costs a read, not rows that nobody needs.
	old, err := s.loadModel(ctx, p.Name)
	if err != nil {
		return nil, failure(err)
	}
	id, err := s.newModelID()
	if err != nil {
		return nil, err
	}
	m := &modelDoc{docMeta: docMeta{}.next(), id: id, name: p.Name, created: s.nowMillis()}
	m.updated = m.created
	rest := m.fill(s.modelNoteKey(id), p.Description, p.Tags)
	if old == nil {
		if old, err = s.insertModel(ctx, m, rest); err != nil {
			return nil, failure(err)
		}
	}
	if old != nil {
		return nil, failure(s.errModelTaken(ctx, p, old))
	}
	whole := m.clone()
	whole.notes = newNotes(p.Description, p.Tags)
	return whole.entity(nil), nil
}

// newModelID returns an id that is never used again and says when it was made,
// by the Store's clock: a UUID of version 7 without dashes.
func (s *Store) newModelID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", errorf(CodeInternalError, "No random numbers: %v", err)
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(s.nowMillis())) //nolint:gosec // times are not negative
	copy(id[:6], at[2:])
	return hex.EncodeToString(id[:]), nil
}

// insertModel writes a new model: document and pointer must be absent. rest is
// what does not fit the document. It returns the model that has the name, if
// that is another one.
func (s *Store) insertModel(ctx context.Context, m *modelDoc, rest []table.Item) (old *modelDoc, err error) {
	if err := s.t.BatchWrite(table.DeferSync(ctx), rest, nil); err != nil {
		return nil, err
	}
	if _, err := s.putModelTrigrams(table.DeferSync(ctx), nil, m); err != nil {
		return nil, err
	}
	what := fmt.Sprintf("The registered model %q", m.name)
	if err := s.checkBegun(m.created, what); err != nil {
		return nil, err
	}
	err = s.t.Transact(ctx, uuid.NewString(),
		table.Put{Item: encodeModel(s.ks.RegisteredModel(m.name), m), Cond: table.Absent()},
		table.Put{Item: modelPointer(s.ks.ModelPointer(m.id), m), Cond: table.Absent()})
	lost, ok := errors.AsType[*table.CanceledError](err)
	if !ok {
		return nil, err
	}
	if c := lost.Failed[0]; c != nil && c.Found {
		old, err = decodeModel(c.Item)
		if err != nil || old.wrote(m.docMeta) { // our own earlier write, whose reply was lost
			return nil, err
		}
		return old, nil
	}
	return nil, errNotCreated(what) // a tombstone is there
}

// errModelTaken words a name that is taken as MLflow does, which goes by whether
// the tag of prompts is there, whatever its value.
// Source: MLflow 3.17, prompt/registry_utils.py, handle_resource_already_exist_error.
func (s *Store) errModelTaken(ctx context.Context, p CreateRegisteredModelParams, old *modelDoc) error {
	_, was := old.entries[noteTag].get(isPromptTag)
	if !was && old.frozen {
		var err error
		if _, was, err = s.t.Get(ctx, s.ks.ModelOverflow(old.id, keys.TagPrefix, isPromptTag), table.Strong); err != nil {
			return err
		}
	}
	is := slices.ContainsFunc(p.Tags, func(t Tag) bool { return t.Key == isPromptTag })
	kind := map[bool]string{true: "Prompt", false: "Registered Model"}
	if is == was {
		return errorf(CodeResourceAlreadyExists, "%s (name=%s) already exists.", kind[is], p.Name)
	}
	return errorf(CodeResourceAlreadyExists, "Tried to create a %s with name %s, but the name is already taken by a %s. "+
		"MLflow does not allow creating a model and a prompt with the same name.",
		strings.ToLower(kind[is]), pyrepr.String(p.Name), strings.ToLower(kind[was]))
}

// GetRegisteredModel returns a registered model with the latest version of each
// stage; RESOURCE_DOES_NOT_EXIST if there is none of that name. 1 request and 1
// RCU for a small model with small versions; else 1 RCU for each 4 KB of them.
func (s *Store) GetRegisteredModel(ctx context.Context, name string) (*RegisteredModel, error) {
	if err := validateModelName(name, "name"); err != nil {
		return nil, err
	}
	m, latest, err := s.readWholeModel(ctx, name, errNoModel(name), "", latestOf)
	if err != nil {
		return nil, failure(err)
	}
	return m.entity(latest), nil
}

// UpdateRegisteredModel sets the description of a registered model; "" removes
// it. Atomic. 2 requests, 1 RCU and 2 WCU below 1 KB.
func (s *Store) UpdateRegisteredModel(ctx context.Context, p UpdateRegisteredModelParams) (*RegisteredModel, error) {
	return s.changeModel(ctx, p.Name, func(_ context.Context, cur *modelDoc) (*modelDoc, error) {
		next := cur.clone()
		next.updated = s.nextModelTime(cur)
		next.ops = next.describeOp(s.modelNoteKey(cur.id), p.Description)
		return next, nil
	})
}

// changeModel is mutateModel for methods that return the model.
func (s *Store) changeModel(ctx context.Context, name string,
	apply func(ctx context.Context, cur *modelDoc) (*modelDoc, error),
) (*RegisteredModel, error) {
	if err := validateModelName(name, "name"); err != nil {
		return nil, err
	}
	m, err := s.mutateModel(ctx, name, errNoModel(name), apply)
	if err != nil {
		return nil, err
	}
	r, err := s.modelEntity(ctx, m)
	return r, failure(err)
}

// RenameRegisteredModel gives a registered model, and with it all its versions,
// another name; one that is taken is RESOURCE_ALREADY_EXISTS. Atomic with the
// old name's release: one transaction, whatever the number of versions. 3
// requests, 1 RCU and 6 WCU below 1 KB, and 1 WCU for each trigram that one of
// the names has and the other has not.
func (s *Store) RenameRegisteredModel(ctx context.Context, name, newName string) (*RegisteredModel, error) {
	if err := validateNewModelName(newName, "new_name"); err != nil {
		return nil, err
	}
	return s.changeModel(ctx, name, func(_ context.Context, cur *modelDoc) (*modelDoc, error) {
		next := cur.clone()
		next.updated = s.nextModelTime(cur)
		next.name, next.renamed = newName, next.updated
		return next, nil
	})
}

// DeleteRegisteredModel deletes a registered model with all its versions;
// RESOURCE_DOES_NOT_EXIST if there is none of that name.
//
// The document goes first, in one transaction: from then on the name is free,
// and nobody sees any of the versions. Then their rows are removed, which are
// garbage by then; what a crash or a failure leaves of them is removed by a
// garbage collection. 4 WCU below 1 KB, 1 WCU for each KB of each row, and for
// each trigram.
func (s *Store) DeleteRegisteredModel(ctx context.Context, name string) error {
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	m, err := s.mutateModel(ctx, name, errNoModel(name), func(_ context.Context, cur *modelDoc) (*modelDoc, error) {
		next := cur.clone()
		next.gone = true
		return next, nil
	})
	if err != nil {
		return err
	}
	if err := s.removeModelRows(table.DeferSync(ctx), m); err != nil {
		s.logger.WarnContext(ctx, "rows of a deleted model stay until a garbage collection", "model", m.id, "error", err)
	}
	return nil
}
