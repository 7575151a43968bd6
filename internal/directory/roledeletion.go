package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// DeleteRole deletes a role. One transaction removes the document and frees the name:
// nobody has the role from then on. What says who had it follows; what a crash or
// [inlineRows] leaves [Rights.FinishDeletions] removes. 2 requests, 1 RCU for each 4
// KB, 8 WCU, 2 in a workspace that can be deleted, and 2 for each member.
func (r *Rights) DeleteRole(ctx context.Context, id int64) error {
	for attempt := 0; ; attempt++ {
		role, err := document.ReadDocument(ctx, r.Table, r.acl.Role(id), decodeRole)
		if err != nil {
			return err
		}
		if role == nil {
			return errNoRole(id)
		}
		err = r.epoch.commit(ctx, Change{OfARole, id},
			table.Delete{Key: r.acl.Role(id), Cond: role.IsRev()},
			table.Delete{Key: r.acl.RoleName(role.Name)},
			table.Put{Item: table.NewItem(r.acl.GoneRole(id), table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)})})
		if err == nil {
			r.finishRole(table.DeferSync(ctx), id)
			return nil
		}
		if failed(err, 0) == nil {
			return err
		}
		if err := document.BackOff(ctx, attempt); err != nil { // it was changed, or is gone
			return err
		}
	}
}

// finishRole removes the first assignments of a role that is gone. For its callers the
// role is gone, whatever comes of it.
func (r *Rights) finishRole(ctx context.Context, id int64) {
	if err := r.removeRole(ctx, id, inlineRows); err != nil {
		r.Logger.WarnContext(ctx, "assignments of a deleted role stay until deletions are finished", "role", id, "error", err)
	}
}

// FinishDeletions removes what interrupted deletions of roles have left. Safe beside
// others. 1 RCU, and 2 WCU for each assignment.
func (r *Rights) FinishDeletions(ctx context.Context) error {
	pk, from, to := r.acl.GoneRoles()
	for it, err := range table.Items(ctx, r.Table, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return err
		}
		id, err := keys.ParseGoneRole(it.Key.SK)
		if err != nil {
			return err
		}
		if err := r.removeRole(ctx, id, 0); err != nil {
			return err
		}
	}
	return nil
}

// removeRole removes the assignments of a role that is gone, most of them if that is
// not 0. The note that it is gone goes last.
func (r *Rights) removeRole(ctx context.Context, id int64, most int) error {
	removal := &removal{table: r.Table, most: most}
	pk, from, to := r.acl.Assignments(id)
	err := removal.rows(ctx, pk, from, to, func(it table.Item) ([]table.Key, error) {
		_, user, err := keys.ParseAssignment(it.Key.SK)
		if err != nil {
			return nil, err
		}
		return nil, r.forgetRole(ctx, user, id)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.Table.Delete(ctx, table.Delete{Key: r.acl.GoneRole(id)})
}

// forgetRole removes a role that is gone from the roles of a user. Nothing is decided by
// it any more, so that it raises no epoch.
func (r *Rights) forgetRole(ctx context.Context, user, role int64) error {
	at := r.acl.UserRoles(user)
	d := document.NewDocument(r.Table, r.Clock, func(ctx context.Context) (*userRoles, error) {
		return document.ReadDocument(ctx, r.Table, at, decodeUserRoles)
	}, decodeUserRoles)
	d.Write = func(ctx context.Context, cur, next *userRoles) error {
		return r.Table.Put(ctx, table.Put{Item: next.item(at), Cond: cur.IsRev()})
	}
	_, err := document.Mutate(ctx, d, func(cur *userRoles) (*userRoles, bool, error) {
		if cur == nil || !slices.Contains(cur.roles, role) {
			return cur, false, nil
		}
		roles := slices.DeleteFunc(slices.Clone(cur.roles), func(id int64) bool { return id == role })
		return &userRoles{roles: roles}, false, nil
	})
	return err
}
