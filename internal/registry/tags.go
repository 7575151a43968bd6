package registry

import (
	"context"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
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
	apply func(ctx context.Context, cur *Model, n *notes) ([]table.Op, error),
) error {
	_, err := s.Mutate(ctx, name, missing, func(ctx context.Context, cur *Model) (*Model, error) {
		next := cur.Clone()
		ops, err := apply(ctx, cur, &next.notes)
		if err != nil || len(ops) == 0 && next.equal(&cur.notes) {
			return cur, err
		}
		next.ops = ops
		return next, nil
	})
	return err
}

// SetRegisteredModelTag sets one tag of a registered model.
func (s *Store) SetRegisteredModelTag(ctx context.Context, name string, t mlflow.Tag) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	if err := validate.ModelTag(t, false); err != nil {
		return err
	}
	return s.changeNotes(ctx, name, ErrNoModel(name), func(_ context.Context, cur *Model, n *notes) ([]table.Op, error) {
		return n.setOp(s.modelNoteKey(cur.ID), noteTag, t.Key, t.Value), nil
	})
}

// DeleteRegisteredModelTag removes one tag of a registered model, if it has it.
func (s *Store) DeleteRegisteredModelTag(ctx context.Context, name, key string) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	if err := validate.Name(key, "", "key"); err != nil {
		return err
	}
	return s.changeNotes(ctx, name, ErrNoModel(name), func(_ context.Context, cur *Model, n *notes) ([]table.Op, error) {
		return n.dropOp(s.modelNoteKey(cur.ID), noteTag, key), nil
	})
}

// SetRegisteredModelAlias makes an alias stand for a version, whatever it stood
// for before.
func (s *Store) SetRegisteredModelAlias(ctx context.Context, name, alias string, version int) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	if err := validate.NewAlias(alias); err != nil {
		return err
	}
	missing := errNoVersion(name, version)
	return s.changeNotes(ctx, name, missing, func(ctx context.Context, cur *Model, n *notes) ([]table.Op, error) {
		if _, err := s.currentVersion(ctx, cur, version); err != nil {
			return nil, err
		}
		return n.setOp(s.modelNoteKey(cur.ID), noteAlias, alias, strconv.Itoa(version)), nil
	})
}

// DeleteRegisteredModelAlias removes an alias, if there is one.
func (s *Store) DeleteRegisteredModelAlias(ctx context.Context, name, alias string) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	if err := validate.Alias(alias); err != nil {
		return err
	}
	return s.changeNotes(ctx, name, ErrNoModel(name), func(_ context.Context, cur *Model, n *notes) ([]table.Op, error) {
		return n.dropOp(s.modelNoteKey(cur.ID), noteAlias, alias), nil
	})
}
