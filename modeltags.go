package dynamodbstore

import (
	"context"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func (n *notes) equal(o *notes) bool {
	for kind, d := range n.entries {
		if !slices.Equal(d, o.entries[kind]) {
			return false
		}
	}
	return n.frozen == o.frozen
}

// changeNotes changes tags or aliases of a model: apply changes the notes, and
// returns what else has to be written.
func (s *Store) changeNotes(ctx context.Context, name string, missing error,
	apply func(ctx context.Context, cur *modelDoc, n *notes) ([]table.Op, error),
) error {
	_, err := s.mutateModel(ctx, name, missing, func(ctx context.Context, cur *modelDoc) (*modelDoc, error) {
		next := cur.clone()
		ops, err := apply(ctx, cur, &next.notes)
		if err != nil || len(ops) == 0 && next.equal(&cur.notes) {
			return cur, err
		}
		next.ops = ops
		return next, nil
	})
	return err
}

// SetRegisteredModelTag sets one tag of a registered model;
// RESOURCE_DOES_NOT_EXIST if there is none of that name. Atomic. 2 requests, 1
// RCU and 2 WCU below 1 KB.
func (s *Store) SetRegisteredModelTag(ctx context.Context, name string, t Tag) error {
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	if err := validateModelTag(t, false); err != nil {
		return err
	}
	return s.changeNotes(ctx, name, errNoModel(name), func(_ context.Context, cur *modelDoc, n *notes) ([]table.Op, error) {
		return n.setOp(s.modelNoteKey(cur.id), noteTag, t.Key, t.Value), nil
	})
}

// DeleteRegisteredModelTag removes one tag of a registered model, if it has it.
// Costs as [Store.SetRegisteredModelTag].
func (s *Store) DeleteRegisteredModelTag(ctx context.Context, name, key string) error {
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	if err := validateName(key, "", "key"); err != nil {
		return err
	}
	return s.changeNotes(ctx, name, errNoModel(name), func(_ context.Context, cur *modelDoc, n *notes) ([]table.Op, error) {
		return n.dropOp(s.modelNoteKey(cur.id), noteTag, key), nil
	})
}

// SetRegisteredModelAlias makes an alias stand for a version, whatever it stood
// for before; RESOURCE_DOES_NOT_EXIST if there is no such version. "latest" and
// what looks like a version, such as v1, cannot be set. Atomic. 3 requests, 2
// RCU and 2 WCU below 1 KB.
func (s *Store) SetRegisteredModelAlias(ctx context.Context, name, alias string, version int) error {
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	if err := validateNewAlias(alias); err != nil {
		return err
	}
	missing := errNoVersion(name, version)
	return s.changeNotes(ctx, name, missing, func(ctx context.Context, cur *modelDoc, n *notes) ([]table.Op, error) {
		if _, err := s.currentVersion(ctx, cur, version); err != nil {
			return nil, err
		}
		return n.setOp(s.modelNoteKey(cur.id), noteAlias, alias, strconv.Itoa(version)), nil
	})
}

// DeleteRegisteredModelAlias removes an alias, if there is one;
// RESOURCE_DOES_NOT_EXIST if there is no such model. Costs as
// [Store.SetRegisteredModelTag].
func (s *Store) DeleteRegisteredModelAlias(ctx context.Context, name, alias string) error {
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	if err := validateAlias(alias); err != nil {
		return err
	}
	return s.changeNotes(ctx, name, errNoModel(name), func(_ context.Context, cur *modelDoc, n *notes) ([]table.Op, error) {
		return n.dropOp(s.modelNoteKey(cur.id), noteAlias, alias), nil
	})
}

// isLatest reports whether an alias stands for the highest version.
func isLatest(alias string) bool { return isWordInAnyCase(alias, latestAlias) }
