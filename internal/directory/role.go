package directory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Role is the document of a role. It is immutable; changes are made on copies.
type Role struct {
	document.Meta
	ID          int64 // never given out again
	Name        string
	Description *string
	Permissions []Permission
	next        int // number of the next permission
}

func (r *Role) clone() *Role {
	c := *r
	return &c
}

func (r *Role) item(key table.Key) table.Item {
	attrs := r.AppendTo(make([]table.Attr, 0, 8))
	attrs = append(attrs,
		table.Attr{Name: keys.RoleID, Value: table.Number(r.ID)},
		table.Attr{Name: keys.Name, Value: table.String(r.Name)},
		table.Attr{Name: keys.Next, Value: table.Number(int64(r.next))})
	if r.Description != nil {
		attrs = append(attrs, table.Attr{Name: keys.Description, Value: table.String(*r.Description)})
	}
	if len(r.Permissions) > 0 {
		attrs = append(attrs, table.Attr{Name: keys.Permissions, Value: table.Bytes(packPermissions(r.Permissions))})
	}
	return table.NewItem(key, attrs...)
}

func decodeRole(it table.Item) (*Role, error) {
	if err := document.CheckVersion(it); err != nil {
		return nil, err
	}
	r := &Role{Meta: document.MetaOf(it), ID: it.Num(keys.RoleID), Name: it.Str(keys.Name), next: int(it.Num(keys.Next))}
	if text, ok := it.Get(keys.Description); ok {
		r.Description = new(text.Str())
	}
	var err error
	if packed, ok := it.Get(keys.Permissions); ok {
		r.Permissions, err = unpackPermissions(packed.Str())
	}
	return r, err
}

// CreateRole makes a role. Atomic. RESOURCE_ALREADY_EXISTS if the name is taken. 4
// requests, 2 RCU, 7 WCU, and 2 WCU in a workspace that can be deleted.
func (r *Rights) CreateRole(ctx context.Context, name string, description *string) (*Role, error) {
	if err := validateRoleName(name); err != nil {
		return nil, err
	}
	if err := validateDescription(description); err != nil {
		return nil, err
	}
	if _, taken, err := r.Table.Get(ctx, r.acl.RoleName(name), table.Strong); err != nil {
		return nil, err
	} else if taken {
		return nil, r.errRoleExists(name)
	}
	id, err := r.takeRoleID(ctx)
	if err != nil {
		return nil, err
	}
	role := &Role{Meta: document.Meta{}.Next(), ID: id, Name: name, Description: description, next: 1}
	err = r.epoch.commit(ctx, Change{OfARole, id},
		table.Put{Item: role.item(r.acl.Role(id)), Cond: table.Absent()},
		table.Put{Item: r.roleNameRow(role), Cond: table.Absent()})
	if c := failed(err, 1); c != nil && c.Item.Num(keys.RoleID) != id {
		return nil, r.errRoleExists(name)
	} else if c != nil { // it was we, and the reply was lost
		err = nil
	}
	return role, err
}

func (r *Rights) roleNameRow(role *Role) table.Item {
	return table.NewItem(r.acl.RoleName(role.Name),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.RoleID, Value: table.Number(role.ID)})
}

// Role returns a role, also one that shows what a user was granted. 1 request, 1 RCU
// for each 4 KB.
func (r *Rights) Role(ctx context.Context, id int64) (*Role, error) {
	if user, ok := UserOfRole(id); ok {
		return r.hiddenRole(ctx, user)
	}
	role, err := document.ReadDocument(ctx, r.Table, r.acl.Role(id), decodeRole)
	if err == nil && role == nil {
		err = errNoRole(id)
	}
	return role, err
}

// RoleNamed returns the role of a name. 2 requests, 1 RCU and 1 RCU for each 4 KB.
func (r *Rights) RoleNamed(ctx context.Context, name string) (*Role, error) {
	row, found, err := r.Table.Get(ctx, r.acl.RoleName(name), table.Strong)
	if err == nil && !found {
		err = failure.Errorf(mlflow.CodeResourceDoesNotExist, "Role with name=%s in workspace=%s not found", name, r.Workspace)
	}
	if err != nil {
		return nil, err
	}
	return r.Role(ctx, row.Num(keys.RoleID))
}

// Roles returns the roles in the order of their ids, those left out that show what users
// were granted. It stops at the first error, which it yields. 1 RCU for each 4 KB.
func (r *Rights) Roles(ctx context.Context) iter.Seq2[*Role, error] {
	return r.rolesBetween(ctx, 0, math.MaxInt64)
}

func (r *Rights) rolesBetween(ctx context.Context, first, last int64) iter.Seq2[*Role, error] {
	pk, from, to := r.acl.Roles(first, last)
	return func(yield func(*Role, error) bool) {
		for it, err := range table.Items(ctx, r.Table, table.Query{PK: pk, From: from, To: to}) {
			var role *Role
			if err == nil {
				role, err = decodeRole(it)
			}
			if !yield(role, err) || err != nil {
				return
			}
		}
	}
}

// UpdateRole renames or describes a role; nil leaves as it is. Atomic. 2 requests, 1
// RCU for each 4 KB, 4 WCU, 4 more for another name, and 2 in a workspace that can be
// deleted.
func (r *Rights) UpdateRole(ctx context.Context, id int64, name, description *string) (*Role, error) {
	if name == nil && description == nil {
		return nil, failure.Invalidf("At least one of 'name' or 'description' must be provided to update a role.")
	}
	if name != nil {
		if err := validateRoleName(*name); err != nil {
			return nil, err
		}
	}
	if err := validateDescription(description); err != nil {
		return nil, err
	}
	return r.mutateRole(ctx, id, func(cur *Role) (*Role, error) {
		next := cur.clone()
		if name != nil {
			next.Name = *name
		}
		if description != nil {
			next.Description = description
		}
		return next, nil
	})
}

// mutateRole changes a role: in one transaction its document, its name if that is
// another one, and the epoch.
func (r *Rights) mutateRole(ctx context.Context, id int64, apply func(cur *Role) (*Role, error)) (*Role, error) {
	at := r.acl.Role(id)
	d := document.NewDocument(r.Table, r.Clock, func(ctx context.Context) (*Role, error) {
		return document.ReadDocument(ctx, r.Table, at, decodeRole)
	}, decodeRole)
	d.Write = func(ctx context.Context, cur, next *Role) error { return r.writeRole(ctx, at, cur, next) }
	return document.Mutate(ctx, d, func(cur *Role) (*Role, bool, error) {
		if cur == nil {
			return nil, false, errNoRole(id)
		}
		next, err := apply(cur)
		return next, false, err
	})
}

func (r *Rights) writeRole(ctx context.Context, at table.Key, cur, next *Role) error {
	ops := []table.Op{table.Put{Item: next.item(at), Cond: cur.IsRev()}}
	if next.Name != cur.Name {
		ops = append(ops,
			table.Put{Item: r.roleNameRow(next), Cond: table.Absent()},
			table.Delete{Key: r.acl.RoleName(cur.Name)})
	}
	err := r.epoch.commit(ctx, Change{OfARole, cur.ID}, ops...)
	if c := failed(err, 0); c != nil {
		return c
	}
	if failed(err, 1) != nil {
		return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Role with name=%s already exists in workspace=%s", next.Name, r.Workspace)
	}
	return err
}

// AddPermission gives a role a permission. Atomic. 2 requests, 1 RCU for each 4 KB, 4
// WCU, 2 more for each further KB of the role and in a workspace that can be deleted.
func (r *Rights) AddPermission(ctx context.Context, role int64, typ, pattern, level string) (Permission, error) {
	if err := validateGrant(typ, pattern, level); err != nil {
		return Permission{}, err
	}
	next, err := r.mutateRole(ctx, role, func(cur *Role) (*Role, error) {
		for i := range cur.Permissions {
			if p := &cur.Permissions[i]; p.Type == typ && p.Pattern == pattern {
				return nil, failure.Errorf(mlflow.CodeResourceAlreadyExists,
					"Role permission (role_id=%d, resource_type=%s, resource_pattern=%s) already exists.", role, typ, pattern)
			}
		}
		next := cur.clone()
		next.Permissions = append(slices.Clip(cur.Permissions), Permission{cur.next, typ, pattern, level})
		next.next++
		return next, checkPermissions(next)
	})
	if err != nil {
		return Permission{}, err
	}
	return next.Permissions[len(next.Permissions)-1], nil
}

// checkPermissions keeps a role in bounds.
func checkPermissions(r *Role) error {
	switch {
	case len(r.Permissions) > maxPermissions || len(packPermissions(r.Permissions)) > maxPermissionBytes:
		return failure.Invalidf("A role cannot have more than %d permissions, or more than %d bytes of them.", maxPermissions, maxPermissionBytes)
	case r.next > 1<<permissionBits:
		return failure.Invalidf("Role with id=%d has had %d permissions: make another one.", r.ID, 1<<permissionBits-1)
	}
	return nil
}

// UpdatePermission gives a permission of a role, or a grant, another level, and returns
// it with its role. As [Rights.AddPermission] and [Rights.SetGrant].
func (r *Rights) UpdatePermission(ctx context.Context, id int64, level string) (role int64, p Permission, err error) {
	if err := validateLevel(level); err != nil {
		return 0, p, err
	}
	if user, ok := userOfGrant(id); ok {
		return r.updateGrant(ctx, user, id, level)
	}
	next, err := r.mutatePermission(ctx, id, func(list []Permission, at int) []Permission {
		list[at].Level = level
		p = list[at]
		return list
	})
	if err != nil {
		return 0, Permission{}, err
	}
	return next.ID, p, nil
}

// RemovePermission takes a permission from a role, or revokes a grant. As
// [Rights.AddPermission] and [Rights.Revoke].
func (r *Rights) RemovePermission(ctx context.Context, id int64) error {
	if user, ok := userOfGrant(id); ok {
		g, err := r.grantOf(ctx, user, id)
		if err != nil {
			return err
		}
		return r.revoke(ctx, g, errNoPermission(id))
	}
	_, err := r.mutatePermission(ctx, id, func(list []Permission, at int) []Permission {
		return slices.Delete(list, at, at+1)
	})
	return err
}

// mutatePermission changes a copy of the permissions of a role, at the one of an id.
func (r *Rights) mutatePermission(ctx context.Context, id int64, change func(list []Permission, at int) []Permission) (*Role, error) {
	role, n := id>>permissionBits, int(id&(1<<permissionBits-1))
	next, err := r.mutateRole(ctx, role, func(cur *Role) (*Role, error) {
		at := slices.IndexFunc(cur.Permissions, func(p Permission) bool { return p.N == n })
		if at < 0 {
			return nil, errNoPermission(id)
		}
		next := cur.clone()
		next.Permissions = change(slices.Clone(cur.Permissions), at)
		return next, nil
	})
	if errors.Is(err, errMissingRole) {
		err = errNoPermission(id)
	}
	return next, err
}

func (r *Rights) errRoleExists(name string) error {
	return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Role (name=%s, workspace=%s) already exists.", name, r.Workspace)
}

// errMissingRole is the cause of [errNoRole].
var errMissingRole = errors.New("no such role")

func errNoRole(id int64) error {
	return &mlflow.Error{Code: mlflow.CodeResourceDoesNotExist, Message: fmt.Sprintf("Role with id=%d not found", id), Err: errMissingRole}
}

func errNoPermission(id int64) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Role permission with id=%d not found", id)
}
