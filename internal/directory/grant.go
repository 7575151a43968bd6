package directory

import (
	"context"
	"iter"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// AnyPattern stands for all things of a type.
const AnyPattern = keys.AnyPattern

// Grant is what a single user may do with a thing, or with all of a type.
type Grant struct {
	User    int64
	Type    string
	Pattern string // the id of a thing, or [AnyPattern]
	Level   string
}

func (g Grant) item(key table.Key) table.Item {
	return table.NewItem(key,
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.User, Value: table.Number(g.User)},
		table.Attr{Name: keys.Type, Value: table.String(g.Type)},
		table.Attr{Name: keys.Pattern, Value: table.String(g.Pattern)},
		table.Attr{Name: keys.Level, Value: table.String(g.Level)})
}

func decodeGrant(it table.Item) (Grant, error) {
	return Grant{it.Num(keys.User), it.Str(keys.Type), it.Str(keys.Pattern), it.Str(keys.Level)}, document.CheckVersion(it)
}

// puts are the writes of a grant: among those of the user, and among those of the
// thing. A grant that is changed has to have both rows: of a user that is being deleted
// one may be gone.
func (r *Rights) puts(g Grant, cond table.Cond) []table.Op {
	return []table.Op{
		table.Put{Item: g.item(r.acl.Grant(g.User, g.Type, g.Pattern)), Cond: cond},
		table.Put{Item: g.item(r.acl.GrantTo(g.Type, g.Pattern, g.User)), Cond: cond},
	}
}

// GrantOps are the writes that give the creator of a thing its rights, for the
// transaction that creates it; its id must be a new one. They raise no epoch: who has a
// copy of the rights of the user looks for the grant when it is missing. 4 WCU.
func (r *Rights) GrantOps(user int64, typ, id, level string) []table.Op {
	return r.puts(Grant{user, typ, id, level}, table.Cond{})
}

// Grant grants. Atomic. RESOURCE_ALREADY_EXISTS if the user has any grant on it,
// RESOURCE_DOES_NOT_EXIST if the user is gone. 1 request, 8 WCU, and 2 in a workspace
// that can be deleted, where the first grant of a user is 1 request and 1 WCU more.
func (r *Rights) Grant(ctx context.Context, u *User, typ, pattern, level string) error {
	if err := validateGrant(typ, pattern, level); err != nil {
		return err
	}
	if err := r.enroll(ctx, u.ID); err != nil {
		return err
	}
	ops := append(r.puts(Grant{u.ID, typ, pattern, level}, table.Absent()), table.Check{Key: keys.UserDocument(u.ID), Cond: table.Exists()})
	err := r.epoch.commit(ctx, Change{OfAUser, u.ID}, ops...)
	switch {
	case failed(err, 2) != nil:
		return errNoUser(u.Name)
	case failed(err, 0) != nil || failed(err, 1) != nil:
		return ErrGrantExists(u.Name, typ, pattern)
	}
	return err
}

// SetGrant gives a grant another level. Atomic. RESOURCE_DOES_NOT_EXIST if there is
// none. 1 request, 6 WCU, and 2 in a workspace that can be deleted.
func (r *Rights) SetGrant(ctx context.Context, u *User, typ, pattern, level string) error {
	if err := validateGrant(typ, pattern, level); err != nil {
		return err
	}
	return r.setGrant(ctx, Grant{u.ID, typ, pattern, level}, ErrNoGrant(u.Name, typ, pattern))
}

func (r *Rights) setGrant(ctx context.Context, g Grant, missing error) error {
	err := r.epoch.commit(ctx, Change{OfAUser, g.User}, r.puts(g, table.Exists())...)
	if failed(err, 0) != nil || failed(err, 1) != nil {
		return missing
	}
	return err
}

// Revoke takes a grant back. Atomic. RESOURCE_DOES_NOT_EXIST if there is none. 1
// request, 6 WCU, and 2 in a workspace that can be deleted.
func (r *Rights) Revoke(ctx context.Context, u *User, typ, pattern string) error {
	if validateGrant(typ, pattern, "X") != nil {
		return ErrNoGrant(u.Name, typ, pattern)
	}
	return r.revoke(ctx, Grant{User: u.ID, Type: typ, Pattern: pattern}, ErrNoGrant(u.Name, typ, pattern))
}

func (r *Rights) revoke(ctx context.Context, g Grant, missing error) error {
	err := r.epoch.commit(ctx, Change{OfAUser, g.User},
		table.Delete{Key: r.acl.Grant(g.User, g.Type, g.Pattern), Cond: table.Exists()},
		table.Delete{Key: r.acl.GrantTo(g.Type, g.Pattern, g.User)})
	if failed(err, 0) != nil {
		return missing
	}
	return err
}

// GrantOn returns the level of what a user was granted on exactly that. 1 request, 1
// RCU.
func (r *Rights) GrantOn(ctx context.Context, user int64, typ, pattern string) (level string, found bool, err error) {
	it, found, err := r.Table.Get(ctx, r.acl.Grant(user, typ, pattern), table.Strong)
	return it.Str(keys.Level), found, err
}

// GrantsOf returns what a user was granted, first those on all of a type. It stops at
// the first error, which it yields. 1 RCU for each 4 KB, about 25 grants.
func (r *Rights) GrantsOf(ctx context.Context, user int64) iter.Seq2[Grant, error] {
	pk, from, to := r.acl.Grants(user)
	return r.grants(ctx, table.Query{PK: pk, From: from, To: to})
}

// GrantsFor returns what was granted on exactly that, in the order of the ids of users.
// As [Rights.GrantsOf].
func (r *Rights) GrantsFor(ctx context.Context, typ, pattern string) iter.Seq2[Grant, error] {
	pk, from, to := r.acl.GrantsTo(typ, pattern)
	return r.grants(ctx, table.Query{PK: pk, From: from, To: to})
}

func (r *Rights) grants(ctx context.Context, q table.Query) iter.Seq2[Grant, error] {
	return func(yield func(Grant, error) bool) {
		for it, err := range table.Items(ctx, r.Table, q) {
			var g Grant
			if err == nil {
				g, err = decodeGrant(it)
			}
			if !yield(g, err) || err != nil {
				return
			}
		}
	}
}

// resourceGrants is how many grants of a thing one transaction removes.
const resourceGrants = (table.MaxTransact - 2) / 2

// DeleteResource removes all grants on a thing. Atomic up to [resourceGrants] of them;
// beyond, each so many are. To go on after a failure, repeat it. 2 requests, 1 RCU, 2
// WCU and 4 WCU for each grant; without grants 1 request, 1 RCU.
func (r *Rights) DeleteResource(ctx context.Context, typ, pattern string) error {
	pk, from, to := r.acl.GrantsTo(typ, pattern)
	for {
		page, err := r.Table.Query(ctx, table.Query{PK: pk, From: from, To: to, Limit: resourceGrants})
		if err != nil {
			return err
		}
		what, ops := Change{All, 0}, make([]table.Op, 0, 2*len(page.Items))
		for _, it := range page.Items {
			g, err := decodeGrant(it)
			if err != nil {
				return err
			}
			ops = append(ops, table.Delete{Key: r.acl.Grant(g.User, typ, pattern)}, table.Delete{Key: it.Key})
			if len(page.Items) == 1 {
				what = Change{OfAUser, g.User}
			}
		}
		if len(ops) == 0 {
			return nil
		}
		if err := r.epoch.commit(ctx, what, ops...); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
	}
}

// hiddenRole shows what a user was granted as a role.
func (r *Rights) hiddenRole(ctx context.Context, user int64) (*Role, error) {
	id, name := HiddenRole(user)
	role := &Role{ID: id, Name: name}
	for g, err := range r.GrantsOf(ctx, user) {
		if err != nil {
			return nil, err
		}
		if len(role.Permissions) >= maxPermissions { // the others are found by users and things
			break
		}
		role.Permissions = append(role.Permissions, Permission{Type: g.Type, Pattern: g.Pattern, Level: g.Level})
	}
	if len(role.Permissions) == 0 {
		return nil, errNoRole(id)
	}
	return role, nil
}

// grantOf returns the grant of a user that has an id. 1 RCU for each 4 KB of the user's
// grants.
func (r *Rights) grantOf(ctx context.Context, user, id int64) (Grant, error) {
	var found []Grant
	for g, err := range r.GrantsOf(ctx, user) {
		if err != nil {
			return Grant{}, err
		}
		if GrantID(user, g.Type, g.Pattern) == id {
			found = append(found, g)
		}
	}
	switch len(found) {
	case 0:
		return Grant{}, errNoPermission(id)
	case 1:
		return found[0], nil
	}
	return Grant{}, failure.Invalidf("Role permission with id=%d stands for several: name the resource instead.", id)
}

// updateGrant gives the grant of an id another level.
func (r *Rights) updateGrant(ctx context.Context, user, id int64, level string) (role int64, p Permission, err error) {
	g, err := r.grantOf(ctx, user, id)
	if err != nil {
		return 0, p, err
	}
	g.Level = level
	role, _ = HiddenRole(user)
	return role, Permission{Type: g.Type, Pattern: g.Pattern, Level: level}, r.setGrant(ctx, g, errNoPermission(id))
}

// ErrGrantExists says that a user of a name was granted something on a resource
// already.
func ErrGrantExists(name, typ, resource string) error {
	return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Permission for user=%s on resource_type=%s, resource_id=%s already exists.", name, typ, resource)
}

// ErrNoGrant says that a user of a name was granted nothing on a resource.
func ErrNoGrant(name, typ, resource string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Permission for user=%s on resource_type=%s, resource_id=%s not found.", name, typ, resource)
}
