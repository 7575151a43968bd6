package directory

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Membership says that a user may have roles or grants in a workspace of a generation.
// It decides nothing: what the user has there says the workspace itself.
type Membership struct{ Workspace, Generation string }

// Memberships returns where a user may have something: the default workspace, that of
// the Store, and those in which it was given a role or a grant. What a user was given
// only as the creator of a thing counts not. 1 RCU for each 4 KB.
func (s *Store) Memberships(ctx context.Context, user int64) ([]Membership, error) {
	all := []Membership{{Workspace: mlflow.DefaultWorkspace}}
	if s.Workspace != mlflow.DefaultWorkspace {
		all = append(all, Membership{s.Workspace, s.Live})
	}
	pk, from, to := keys.Members(user)
	for it, err := range table.Items(ctx, s.Table, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		if m := (Membership{it.Key.SK, it.Str(keys.Gen)}); !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all, nil
}

// enroll notes that a user may have something in the workspace. It comes before what
// the user gets: one too many does no harm. Not in the default workspace. 1 request, 1
// WCU, the first time.
func (r *Rights) enroll(ctx context.Context, user int64) error {
	if r.Workspace == mlflow.DefaultWorkspace {
		return nil
	}
	row := table.NewItem(keys.Member(user, r.Workspace),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Gen, Value: table.String(r.Live)})
	known := table.Key{PK: row.Key.PK, SK: row.Key.SK + "#" + r.Live}
	if _, ok := r.members.Get(known); ok {
		return nil
	}
	if err := r.Table.Put(table.DeferSync(ctx), table.Put{Item: row}); err != nil {
		return err
	}
	r.members.Add(known, struct{}{})
	return nil
}
