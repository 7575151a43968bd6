package directory

import (
	"context"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// maxRoles is how many roles a user may have in a workspace.
const maxRoles = 1000

// roleIDSize is the size of the id of a role in a document. Stored, must not change.
const roleIDSize = 8

// userRoles is the document of the roles of a user in a workspace. It may name roles
// that are gone. It is immutable.
type userRoles struct {
	document.Meta
	roles []int64
}

func (d *userRoles) item(key table.Key) table.Item {
	var b []byte
	for _, id := range d.roles {
		b = binary.BigEndian.AppendUint64(b, uint64(id))
	}
	return table.NewItem(key, d.AppendTo([]table.Attr{{Name: keys.Roles, Value: table.Bytes(string(b))}})...)
}

func decodeUserRoles(it table.Item) (*userRoles, error) {
	d := &userRoles{Meta: document.MetaOf(it)}
	for b := []byte(it.Str(keys.Roles)); len(b) >= roleIDSize; b = b[roleIDSize:] {
		d.roles = append(d.roles, int64(binary.BigEndian.Uint64(b)))
	}
	return d, document.CheckVersion(it)
}

// Assign gives a user a role. Atomic. RESOURCE_ALREADY_EXISTS if it has it. 2 requests,
// 1 RCU, 10 WCU, and 2 in a workspace that can be deleted.
func (r *Rights) Assign(ctx context.Context, user, role int64) error {
	if _, ok := UserOfRole(role); ok { // it shows what one user was granted
		return errNoRole(role)
	}
	if err := r.enroll(ctx, user); err != nil {
		return err
	}
	return r.mutateUserRoles(ctx, user, func(cur []int64) ([]int64, error) {
		switch {
		case slices.Contains(cur, role):
			return nil, failure.Errorf(mlflow.CodeResourceAlreadyExists, "User role assignment (user_id=%d, role_id=%d) already exists", user, role)
		case len(cur) >= maxRoles:
			return nil, failure.Invalidf("A user cannot have more than %d roles.", maxRoles)
		}
		return append(slices.Clip(cur), role), nil
	}, func(err error) error {
		switch {
		case failed(err, 2) != nil:
			return errNoRole(role)
		case failed(err, 3) != nil:
			return errNoUserID(user)
		}
		return err
	},
		table.Put{Item: table.NewItem(r.acl.Assignment(role, user), table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)})},
		table.Check{Key: r.acl.Role(role), Cond: table.Exists()},
		table.Check{Key: keys.UserDocument(user), Cond: table.Exists()})
}

// Unassign takes a role from a user. Atomic. 2 requests, 1 RCU, 6 WCU, and 2 in a
// workspace that can be deleted.
func (r *Rights) Unassign(ctx context.Context, user, role int64) error {
	return r.mutateUserRoles(ctx, user, func(cur []int64) ([]int64, error) {
		at := slices.Index(cur, role)
		if at < 0 {
			return nil, failure.Errorf(mlflow.CodeResourceDoesNotExist, "User role assignment (user_id=%d, role_id=%d) not found", user, role)
		}
		return slices.Delete(slices.Clone(cur), at, at+1), nil
	}, func(err error) error { return err }, table.Delete{Key: r.acl.Assignment(role, user)})
}

// mutateUserRoles changes the roles of a user: in one transaction the document, other
// writes, and the epoch. word puts into words which of the others was refused; they
// begin with 1.
func (r *Rights) mutateUserRoles(ctx context.Context, user int64, apply func(cur []int64) ([]int64, error),
	word func(error) error, others ...table.Op,
) error {
	at := r.acl.UserRoles(user)
	d := document.NewDocument(r.Table, r.Clock, func(ctx context.Context) (*userRoles, error) {
		return document.ReadDocument(ctx, r.Table, at, decodeUserRoles)
	}, decodeUserRoles)
	d.Write = func(ctx context.Context, cur, next *userRoles) error {
		put := table.Put{Item: next.item(at), Cond: document.LastMeta(cur).IsRev()}
		err := r.epoch.commit(ctx, Change{OfAUser, user}, append([]table.Op{put}, others...)...)
		if c := failed(err, 0); c != nil {
			return c
		}
		return word(err)
	}
	_, err := document.Mutate(ctx, d, func(cur *userRoles) (*userRoles, bool, error) {
		var had []int64
		if cur != nil {
			had = cur.roles
		}
		roles, err := apply(had)
		return &userRoles{roles: roles}, false, err
	})
	return err
}

// RolesOf returns the roles of a user, without the one that shows what it was granted,
// in the order of their ids. 2 requests, 1 RCU and 1 RCU for each role at most.
func (r *Rights) RolesOf(ctx context.Context, user int64) ([]*Role, error) {
	d, err := document.ReadDocument(ctx, r.Table, r.acl.UserRoles(user), decodeUserRoles)
	if err != nil || d == nil {
		return nil, err
	}
	return r.rolesByID(ctx, d.roles)
}

// denseRoles is how many roles may lie between two that are read together, on average.
const denseRoles = 8

// rolesByID returns those of the roles that there are, in the order of their ids. Ids
// that lie close together are read at once with what lies between: 1 RCU for each 4 KB
// instead of 1 for each.
func (r *Rights) rolesByID(ctx context.Context, ids []int64) ([]*Role, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if n := int64(len(ids)); n > 1 && ids[n-1]-ids[0] < n*denseRoles {
		var found []*Role
		for role, err := range r.rolesBetween(ctx, ids[0], ids[n-1]) {
			if err != nil {
				return nil, err
			}
			if _, ok := slices.BinarySearch(ids, role.ID); ok {
				found = append(found, role)
			}
		}
		return found, nil
	}
	at := make([]table.Key, len(ids))
	for i, id := range ids {
		at[i] = r.acl.Role(id)
	}
	items, err := r.Table.BatchGet(ctx, at, table.Strong)
	found := make([]*Role, len(items))
	for i := 0; i < len(items) && err == nil; i++ {
		found[i], err = decodeRole(items[i])
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b *Role) int { return int(a.ID - b.ID) })
	return found, nil
}

// UsersOf returns who has a role, in the order of the ids; a user that is just being
// deleted may be among them. It stops at the first error, which it yields. 1 RCU for
// each 4 KB.
func (r *Rights) UsersOf(ctx context.Context, role int64) iter.Seq2[int64, error] {
	pk, from, to := r.acl.Assignments(role)
	return func(yield func(int64, error) bool) {
		for it, err := range table.Items(ctx, r.Table, table.Query{PK: pk, From: from, To: to}) {
			var user int64
			if err == nil {
				_, user, err = keys.ParseAssignment(it.Key.SK)
			}
			if !yield(user, err) || err != nil {
				return
			}
		}
	}
}
