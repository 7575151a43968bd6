package directory

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Bootstrapped reports whether the table has had its first administrator. 1 request, 1
// RCU.
func (s *Store) Bootstrapped(ctx context.Context) (bool, error) {
	_, found, err := s.Table.Get(ctx, keys.Bootstrap(), table.Strong)
	return found, err
}

// Bootstrap makes the first administrator of a table, once and never again: also not
// when it was deleted since. A user of the name that is there already stays as it is.
// Of several at the same moment one makes it; made says which. Atomic. 3 requests, 2
// RCU, 13 WCU.
func (s *Store) Bootstrap(ctx context.Context, p NewUser) (made bool, err error) {
	p.Admin = true
	if err := validateUserName(p.Name, p.Origin.Kind == ByPassword); err != nil {
		return false, err
	}
	done, err := s.Bootstrapped(ctx)
	if err != nil || done {
		return false, err
	}
	_, err = s.User(ctx, p.Name)
	switch {
	case err == nil:
		return false, s.bootstrapWithout(ctx)
	case !errors.Is(err, mlflow.ErrNotFound):
		return false, err
	}
	u, err := s.newUser(ctx, p)
	if err != nil {
		return false, err
	}
	ops := append(creationOps(u, p.Credentials), table.Put{Item: bootstrapItem(u.ID), Cond: table.Absent()})
	err = s.epoch.commit(ctx, Change{OfAUser, u.ID}, ops...)
	first := failed(err, len(ops)-1)
	switch {
	case first != nil: // another was first, or it was we and the reply was lost
		return first.Item.Num(keys.User) == u.ID, nil //nolint:nilerr // that it is there is what was asked for
	case failed(err, 0) != nil: // a user of the name came in between
		return false, s.bootstrapWithout(ctx)
	}
	return err == nil, err
}

// bootstrapWithout notes that there is somebody of the administrator's name.
func (s *Store) bootstrapWithout(ctx context.Context) error {
	err := s.epoch.commit(ctx, Change{All, 0}, table.Put{Item: bootstrapItem(0), Cond: table.Absent()})
	if failed(err, 0) != nil {
		return nil //nolint:nilerr // that it is there is what was asked for
	}
	return err
}

func bootstrapItem(user int64) table.Item {
	return table.NewItem(keys.Bootstrap(),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.User, Value: table.Number(user)})
}
