package directory_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/directory"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		r1, err := s.own.CreateRole(ctx, "r1", new("d"))
		require.NoError(t, err)
		r2 := s.mustRole(t, "default", "r2")
		require.Equal(t, []int64{1, 2}, []int64{r1.ID, r2.ID})
		require.Nil(t, r2.Description)
		_, err = other.own.CreateRole(ctx, "r1", nil)
		requireError(t, err, mlflow.CodeResourceAlreadyExists, "Role (name=r1, workspace=default) already exists.")
		foreign := other.mustRole(t, "team", "r1")
		require.EqualValues(t, 1025, foreign.ID)

		home, found, err := s.Home(ctx, foreign.ID)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, directory.Membership{Workspace: "team", Generation: "g1"}, home)
		home, found, err = s.Home(ctx, 1024)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, directory.Membership{Workspace: "default"}, home)
		for _, id := range []int64{0, -1, 2049, 1 << 36, 1 << 40} {
			_, found, err = s.Home(ctx, id)
			require.NoError(t, err)
			require.False(t, found, id)
		}
		_, err = s.own.Role(ctx, foreign.ID)
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "Role with id=1025 not found")

		_, err = s.own.UpdateRole(ctx, r2.ID, new("r1"), nil)
		requireError(t, err, mlflow.CodeResourceAlreadyExists, "Role with name=r1 already exists in workspace=default")
		_, err = s.own.UpdateRole(ctx, r2.ID, nil, nil)
		requireError(t, err, mlflow.CodeInvalidParameterValue, "At least one of 'name' or 'description' must be provided to update a role.")
		_, err = s.own.UpdateRole(ctx, r2.ID, new(" "), nil)
		requireError(t, err, mlflow.CodeInvalidParameterValue, "Role name cannot be empty.")
		_, err = s.own.UpdateRole(ctx, 9, nil, new(""))
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "Role with id=9 not found")
		r2, err = s.own.UpdateRole(ctx, r2.ID, new("r3"), new(""))
		require.NoError(t, err)
		require.Equal(t, "r3", r2.Name)
		got, err := other.own.RoleNamed(ctx, "r3")
		require.NoError(t, err)
		require.Equal(t, r2, got)
		_, err = other.own.RoleNamed(ctx, "r2")
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "Role with name=r2 in workspace=default not found")
		require.Equal(t, []*directory.Role{r1, r2}, list(t, other.own.Roles(ctx)))
		w.requireConsistent(t)
	})
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		role := s.mustRole(t, "team", "r")
		first, err := s.team.AddPermission(ctx, role.ID, "experiment", "*", "READ")
		require.NoError(t, err)
		require.Equal(t, directory.Permission{N: 1, Type: "experiment", Pattern: "*", Level: "READ"}, first)
		_, err = other.team.AddPermission(ctx, role.ID, "experiment", "*", "EDIT")
		requireError(t, err, mlflow.CodeResourceAlreadyExists,
			"Role permission (role_id=1, resource_type=experiment, resource_pattern=*) already exists.")
		_, err = other.team.AddPermission(ctx, 9, "experiment", "*", "EDIT")
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "Role with id=9 not found")
		second, err := other.team.AddPermission(ctx, role.ID, "registered_model", "m*", "DENY")
		require.NoError(t, err)

		id := directory.PermissionID(role.ID, second.N)
		require.EqualValues(t, 65538, id)
		of, p, err := s.team.UpdatePermission(ctx, id, "USE")
		require.NoError(t, err)
		second.Level = "USE"
		require.Equal(t, role.ID, of)
		require.Equal(t, second, p)
		require.NoError(t, s.team.RemovePermission(ctx, directory.PermissionID(role.ID, first.N)))
		role, err = other.team.Role(ctx, role.ID)
		require.NoError(t, err)
		require.Equal(t, []directory.Permission{second}, role.Permissions)
		// Numbers never return.
		third, err := s.team.AddPermission(ctx, role.ID, "experiment", "*", "READ")
		require.NoError(t, err)
		require.Equal(t, 3, third.N)

		for _, id := range []int64{directory.PermissionID(role.ID, 1), 99, directory.PermissionID(9, 1)} {
			text := "Role permission with id=" + strconv.FormatInt(id, 10) + " not found"
			requireError(t, s.team.RemovePermission(ctx, id), mlflow.CodeResourceDoesNotExist, text)
			_, _, err = s.team.UpdatePermission(ctx, id, "READ")
			requireError(t, err, mlflow.CodeResourceDoesNotExist, text)
		}
		w.requireConsistent(t)
	})
}

// TestPermissionsBound: neither the number nor the size of the permissions of a role
// passes what its document holds.
func TestPermissionsBound(t *testing.T) {
	t.Parallel()
	s, ctx := memory(t).server(t), t.Context()
	many, large := s.mustRole(t, "default", "many"), s.mustRole(t, "default", "large")
	for n := range 1000 {
		_, err := s.own.AddPermission(ctx, many.ID, "experiment", strconv.Itoa(n), "READ")
		require.NoError(t, err)
	}
	const text = "A role cannot have more than 1000 permissions, or more than 131072 bytes of them."
	_, err := s.own.AddPermission(ctx, many.ID, "experiment", "*", "READ")
	requireError(t, err, mlflow.CodeInvalidParameterValue, text)
	for n := 0; ; n++ {
		_, err = s.own.AddPermission(ctx, large.ID, "scorer", strconv.Itoa(n)+strings.Repeat("\U0001F600", 1000), "READ")
		if err != nil {
			require.Equal(t, 32, n)
			requireError(t, err, mlflow.CodeInvalidParameterValue, text)
			break
		}
	}
	for _, tc := range []struct{ typ, pattern, level, text string }{
		{"", "*", "READ", "Invalid resource type ''"},
		{"a#b", "*", "READ", "Invalid resource type 'a#b'"},
		{"run", "", "READ", "Invalid resource pattern ''"},
		{"run", "a\x00", "READ", "Invalid resource pattern 'a\\x00'"},
		{"run", "*", "", "Invalid permission ''"},
		{"run", "*", "read", "Invalid permission 'read'"},
		{"run", strings.Repeat("x", 1025), "READ", "'resource_pattern' exceeds the maximum length of 1024 characters"},
	} {
		_, err := s.own.AddPermission(ctx, many.ID, tc.typ, tc.pattern, tc.level)
		requireError(t, err, mlflow.CodeInvalidParameterValue, tc.text)
	}
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		ann, bob := s.mustCreate(t, "ann"), s.mustCreate(t, "bob")
		r1, r2 := s.mustRole(t, "team", "r1"), s.mustRole(t, "team", "r2")
		for _, a := range [][2]int64{{ann.ID, r2.ID}, {bob.ID, r1.ID}, {ann.ID, r1.ID}} {
			require.NoError(t, s.team.Assign(ctx, a[0], a[1]))
		}
		requireError(t, other.team.Assign(ctx, ann.ID, r1.ID), mlflow.CodeResourceAlreadyExists,
			"User role assignment (user_id=1, role_id=1) already exists")
		requireError(t, other.team.Assign(ctx, 9, r1.ID), mlflow.CodeResourceDoesNotExist, "User with id=9 not found")
		requireError(t, other.team.Assign(ctx, ann.ID, 9), mlflow.CodeResourceDoesNotExist, "Role with id=9 not found")
		requireError(t, other.own.Assign(ctx, ann.ID, r1.ID), mlflow.CodeResourceDoesNotExist, "Role with id=1 not found")
		hidden, name := directory.HiddenRole(bob.ID)
		require.Equal(t, "__user_2__", name)
		require.ErrorIs(t, other.team.Assign(ctx, ann.ID, hidden), mlflow.ErrNotFound)

		roles, err := other.team.RolesOf(ctx, ann.ID)
		require.NoError(t, err)
		require.Equal(t, []*directory.Role{r1, r2}, roles)
		roles, err = other.own.RolesOf(ctx, ann.ID)
		require.NoError(t, err)
		require.Empty(t, roles)
		require.Equal(t, []int64{1, 2}, list(t, s.team.UsersOf(ctx, r1.ID)))
		members, err := s.Memberships(ctx, bob.ID)
		require.NoError(t, err)
		require.Equal(t, []directory.Membership{{Workspace: "default"}, {Workspace: "team", Generation: "g1"}}, members)

		require.NoError(t, other.team.Unassign(ctx, ann.ID, r2.ID))
		requireError(t, s.team.Unassign(ctx, ann.ID, r2.ID), mlflow.CodeResourceDoesNotExist,
			"User role assignment (user_id=1, role_id=2) not found")
		require.Empty(t, list(t, s.team.UsersOf(ctx, r2.ID)))

		require.NoError(t, other.team.DeleteRole(ctx, r1.ID))
		requireError(t, s.team.DeleteRole(ctx, r1.ID), mlflow.CodeResourceDoesNotExist, "Role with id=1 not found")
		roles, err = s.team.RolesOf(ctx, bob.ID)
		require.NoError(t, err)
		require.Empty(t, roles)
		require.Zero(t, w.kinds(t)[keys.KindAssignment])
		w.requireConsistent(t)
	})
}

// TestSparseRoles: the roles of a user are found wherever their ids are.
func TestSparseRoles(t *testing.T) {
	t.Parallel()
	w := memory(t)
	s, ctx := w.server(t), t.Context()
	u := s.mustCreate(t, "ann")
	var ids []int64
	for n := range 60 {
		role := s.mustRole(t, "default", "r"+strconv.Itoa(n))
		if slices.Contains([]int{0, 1, 2, 59}, n) {
			require.NoError(t, s.own.Assign(ctx, u.ID, role.ID))
			ids = append(ids, role.ID)
		}
	}
	for _, first := range []int{0, 1, 3, 4} { // some far from each other, some close, none
		roles, err := s.own.RolesOf(ctx, u.ID)
		require.NoError(t, err)
		var got []int64
		for _, r := range roles {
			got = append(got, r.ID)
		}
		require.Equal(t, ids, got)
		for len(ids) > 0 && len(ids) > 4-first {
			require.NoError(t, s.own.Unassign(ctx, u.ID, ids[len(ids)-1]))
			ids = ids[:len(ids)-1]
		}
	}
	require.Empty(t, ids)
}
