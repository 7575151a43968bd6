package directory_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/directory"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func TestGrants(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		ann, bob := s.mustCreate(t, "ann"), s.mustCreate(t, "bob")
		require.NoError(t, s.team.Grant(ctx, bob, "experiment", "2", "READ"))
		requireError(t, other.team.Grant(ctx, bob, "experiment", "2", "EDIT"), mlflow.CodeResourceAlreadyExists,
			"Permission for user=bob on resource_type=experiment, resource_id=2 already exists.")
		requireError(t, other.team.Revoke(ctx, bob, "experiment", "3"), mlflow.CodeResourceDoesNotExist,
			"Permission for user=bob on resource_type=experiment, resource_id=3 not found.")
		requireError(t, other.team.SetGrant(ctx, bob, "experiment", "3", "READ"), mlflow.CodeResourceDoesNotExist,
			"Permission for user=bob on resource_type=experiment, resource_id=3 not found.")
		requireError(t, other.team.Grant(ctx, &directory.User{ID: 9, Name: "eve"}, "experiment", "2", "EDIT"), mlflow.CodeResourceDoesNotExist,
			"User with username=eve not found")
		require.NoError(t, other.team.SetGrant(ctx, bob, "experiment", "2", "EDIT"))
		require.NoError(t, other.team.Grant(ctx, bob, "workspace", "*", "USE"))
		require.NoError(t, other.team.Grant(ctx, ann, "experiment", "2", "DENY"))
		require.NoError(t, other.own.Grant(ctx, ann, "experiment", "2", "MANAGE"))

		level, found, err := s.team.GrantOn(ctx, bob.ID, "experiment", "2")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, "EDIT", level)
		_, found, err = s.team.GrantOn(ctx, bob.ID, "experiment", "*")
		require.NoError(t, err)
		require.False(t, found)
		require.Equal(t, []directory.Grant{{bob.ID, "workspace", "*", "USE"}, {bob.ID, "experiment", "2", "EDIT"}}, list(t, s.team.GrantsOf(ctx, bob.ID)))
		require.Equal(t, []directory.Grant{{ann.ID, "experiment", "2", "DENY"}, {bob.ID, "experiment", "2", "EDIT"}},
			list(t, s.team.GrantsFor(ctx, "experiment", "2")))

		require.NoError(t, s.team.Revoke(ctx, bob, "experiment", "2"))
		require.NoError(t, s.team.DeleteResource(ctx, "experiment", "2"))
		require.Empty(t, list(t, s.team.GrantsFor(ctx, "experiment", "2")))
		require.Equal(t, []directory.Grant{{bob.ID, "workspace", "*", "USE"}}, list(t, s.team.GrantsOf(ctx, bob.ID)))
		require.Equal(t, []directory.Grant{{ann.ID, "experiment", "2", "MANAGE"}}, list(t, s.own.GrantsOf(ctx, ann.ID)))
		w.requireConsistent(t)
	})
}

// TestHiddenRole: what a user was granted shows as a role of its own, and is changed by
// the ids of its permissions.
func TestHiddenRole(t *testing.T) {
	t.Parallel()
	w := memory(t)
	s, ctx := w.server(t), t.Context()
	bob := s.mustCreate(t, "bob")
	id, name := directory.HiddenRole(bob.ID)
	_, err := s.own.Role(ctx, id)
	require.ErrorIs(t, err, mlflow.ErrNotFound)
	require.NoError(t, s.own.Grant(ctx, bob, "experiment", "2", "READ"))
	require.NoError(t, s.own.Grant(ctx, bob, "experiment", "3", "READ"))
	role, err := s.own.Role(ctx, id)
	require.NoError(t, err)
	require.Equal(t, &directory.Role{ID: id, Name: name, Permissions: []directory.Permission{
		{Type: "experiment", Pattern: "2", Level: "READ"}, {Type: "experiment", Pattern: "3", Level: "READ"},
	}}, role)

	grant := directory.GrantID(bob.ID, "experiment", "3")
	of, p, err := s.own.UpdatePermission(ctx, grant, "MANAGE")
	require.NoError(t, err)
	require.Equal(t, id, of)
	require.Equal(t, directory.Permission{Type: "experiment", Pattern: "3", Level: "MANAGE"}, p)
	level, _, err := s.own.GrantOn(ctx, bob.ID, "experiment", "3")
	require.NoError(t, err)
	require.Equal(t, "MANAGE", level)
	require.ErrorIs(t, s.team.RemovePermission(ctx, grant), mlflow.ErrNotFound, "in another workspace")
	require.NoError(t, s.own.RemovePermission(ctx, grant))
	requireError(t, s.own.RemovePermission(ctx, grant), mlflow.CodeResourceDoesNotExist,
		"Role permission with id="+strconv.FormatInt(grant, 10)+" not found")
	require.Len(t, list(t, s.own.GrantsOf(ctx, bob.ID)), 1)
	w.requireConsistent(t)
}

// TestAmbiguousGrant: an id that two grants have changes neither.
func TestAmbiguousGrant(t *testing.T) {
	t.Parallel()
	w := memory(t)
	s, ctx := w.server(t), t.Context()
	bob := s.mustCreate(t, "bob")
	seen := map[int64]int{}
	for n := 0; ; n++ {
		id := directory.GrantID(bob.ID, "experiment", strconv.Itoa(n))
		other, ok := seen[id]
		if !ok {
			seen[id] = n
			continue
		}
		for _, pattern := range []int{n, other} {
			require.NoError(t, s.own.Grant(ctx, bob, "experiment", strconv.Itoa(pattern), "READ"))
		}
		require.ErrorIs(t, s.own.RemovePermission(ctx, id), mlflow.ErrInvalid)
		_, _, err := s.own.UpdatePermission(ctx, id, "MANAGE")
		require.ErrorIs(t, err, mlflow.ErrInvalid)
		break
	}
	for _, g := range list(t, s.own.GrantsOf(ctx, bob.ID)) {
		require.Equal(t, "READ", g.Level)
	}
}

// TestDeleteResource: many grants on one thing go, each with the change that names it.
func TestDeleteResource(t *testing.T) {
	t.Parallel()
	w := memory(t)
	s, ctx := w.server(t), t.Context()
	for n := range 120 {
		require.NoError(t, s.own.Grant(ctx, s.mustCreate(t, "u"+strconv.Itoa(n)), "experiment", "7", "READ"))
	}
	_, was := count(t, s.own)
	require.NoError(t, s.own.DeleteResource(ctx, "experiment", "7"))
	_, is := count(t, s.own)
	require.Equal(t, was+3, is)
	require.Zero(t, w.kinds(t)[keys.KindGrant]+w.kinds(t)[keys.KindGrantTo])
	require.NoError(t, s.own.DeleteResource(ctx, "experiment", "7"))
	_, again := count(t, s.own)
	require.Equal(t, is, again)
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, ctx := w.server(t), t.Context()
		bob := s.mustCreate(t, "bob")
		snap, err := s.team.Snapshot(ctx, bob.ID, []int64{7}, nil)
		require.NoError(t, err)
		require.Empty(t, snap.Roles)
		require.Nil(t, snap.Epochs.Rights)
		r1, r2 := s.mustRole(t, "team", "r1"), s.mustRole(t, "team", "r2")
		require.NoError(t, s.team.Assign(ctx, bob.ID, r2.ID))
		require.NoError(t, s.team.Grant(ctx, bob, "experiment", "7", "READ"))
		require.NoError(t, s.team.Grant(ctx, bob, "run", "*", "DENY"))
		known, err := s.team.Epochs(ctx)
		require.NoError(t, err)
		snap, err = s.team.Snapshot(ctx, bob.ID, []int64{r1.ID, 99}, &known)
		require.NoError(t, err)
		require.Equal(t, &directory.Snapshot{
			Epochs: known, Roles: []*directory.Role{r1, r2},
			Grants: []directory.Grant{{bob.ID, "run", "*", "DENY"}, {bob.ID, "experiment", "7", "READ"}},
		}, snap)
		snap, err = s.own.Snapshot(ctx, bob.ID, nil, nil)
		require.NoError(t, err)
		require.Empty(t, snap.Grants)
	})
}

// TestSnapshotOfMany: of too many grants those on all of a type are there.
func TestSnapshotOfMany(t *testing.T) {
	t.Parallel()
	w := memory(t)
	s, ctx := w.server(t), t.Context()
	bob := s.mustCreate(t, "bob")
	require.NoError(t, s.own.Grant(ctx, bob, "workspace", "*", "USE"))
	add := func(n int) {
		ops := s.own.GrantOps(bob.ID, "experiment", strconv.Itoa(n), "MANAGE")
		require.NoError(t, w.inner.Transact(ctx, "t"+strconv.Itoa(n), ops...))
	}
	for n := range directory.ManyGrants {
		add(n)
	}
	snap, err := s.own.Snapshot(ctx, bob.ID, nil, nil)
	require.NoError(t, err)
	require.False(t, snap.Many)
	require.Len(t, snap.Grants, directory.ManyGrants+1)
	add(directory.ManyGrants)
	snap, err = s.own.Snapshot(ctx, bob.ID, nil, nil)
	require.NoError(t, err)
	require.True(t, snap.Many)
	require.Equal(t, []directory.Grant{{bob.ID, "workspace", "*", "USE"}}, snap.Grants)
}
