package directory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/directory"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// before does something before the k-th call.
func before(k int, do func()) faulty.Plan {
	return func(c faulty.Call) faulty.Fault {
		if c.N != k {
			return faulty.Fault{}
		}
		return faulty.Fault{Wait: func(context.Context) error {
			do()
			return nil
		}}
	}
}

// scene is what there is before an operation: ann and bob, the role "readers" with a
// permission, which bob has, and grants of bob and ann on experiment 12.
type scene struct {
	ann, bob *directory.User
	role     *directory.Role
	token    string
}

func setScene(t *testing.T, w *world) scene {
	t.Helper()
	s, ctx := w.server(t), t.Context()
	sc := scene{ann: s.mustCreate(t, "ann"), bob: s.mustCreate(t, "bob"), role: s.mustRole(t, "team", "readers")}
	_, err := s.team.AddPermission(ctx, sc.role.ID, "experiment", "*", "READ")
	require.NoError(t, err)
	require.NoError(t, s.team.Assign(ctx, sc.bob.ID, sc.role.ID))
	require.NoError(t, s.team.Grant(ctx, sc.bob, "experiment", "12", "EDIT"))
	require.NoError(t, s.team.Grant(ctx, sc.ann, "experiment", "12", "READ"))
	made, err := s.CreateToken(ctx, directory.Token{User: sc.bob.ID, Digest: strings.Repeat("d", 32)})
	require.NoError(t, err)
	sc.token = made.ID
	w.requireConsistent(t)
	return sc
}

// operation is a change of the scene.
type operation struct {
	name string
	do   func(ctx context.Context, s *server, sc scene) error
	// done tells whether it has been done.
	done func(t *testing.T, s *server, sc scene) bool
}

func operations() []operation {
	grant := func(t *testing.T, s *server, user int64, pattern string) string {
		t.Helper()
		level, _, err := s.team.GrantOn(t.Context(), user, "experiment", pattern)
		require.NoError(t, err)
		return level
	}
	named := func(t *testing.T, s *server, name string) bool {
		t.Helper()
		_, err := s.team.RoleNamed(t.Context(), name)
		return err == nil
	}
	has := func(t *testing.T, s *server, user, role int64) bool {
		t.Helper()
		roles, err := s.team.RolesOf(t.Context(), user)
		require.NoError(t, err)
		return slices.ContainsFunc(roles, func(r *directory.Role) bool { return r.ID == role })
	}
	return []operation{
		{
			"create user", func(ctx context.Context, s *server, _ scene) error {
				_, err := s.CreateUser(ctx, directory.NewUser{Name: "eve", Credentials: &directory.Credentials{Hash: "h"}})
				return err
			},
			func(t *testing.T, s *server, _ scene) bool { t.Helper(); return slices.Contains(names(t, s), "eve") },
		},
		{
			"bootstrap", func(ctx context.Context, s *server, _ scene) error {
				_, err := s.Bootstrap(ctx, directory.NewUser{Name: "admin", Credentials: &directory.Credentials{Hash: "h"}})
				return err
			},
			func(t *testing.T, s *server, _ scene) bool { t.Helper(); return slices.Contains(names(t, s), "admin") },
		},
		{
			"set admin", func(ctx context.Context, s *server, sc scene) error {
				_, err := s.SetAdmin(ctx, sc.bob.ID, true)
				return err
			},
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				u, err := s.UserByID(t.Context(), sc.bob.ID)
				return err == nil && u.Admin
			},
		},
		{
			"set credentials", func(ctx context.Context, s *server, sc scene) error {
				return s.SetCredentials(ctx, sc.bob.ID, directory.Credentials{Hash: "new"})
			},
			func(t *testing.T, s *server, _ scene) bool {
				t.Helper()
				_, c, err := s.Login(t.Context(), "bob")
				return err == nil && c.Hash == "new"
			},
		},
		{
			"delete user", func(ctx context.Context, s *server, _ scene) error { return s.DeleteUser(ctx, "bob") },
			func(t *testing.T, s *server, _ scene) bool { t.Helper(); return !slices.Contains(names(t, s), "bob") },
		},
		{
			"create token", func(ctx context.Context, s *server, sc scene) error {
				_, err := s.CreateToken(ctx, directory.Token{User: sc.ann.ID, Digest: strings.Repeat("d", 32)})
				return err
			},
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				all, err := s.Tokens(t.Context(), sc.ann.ID)
				require.NoError(t, err)
				return len(all) > 0
			},
		},
		{
			"revoke token", func(ctx context.Context, s *server, sc scene) error { return s.RevokeToken(ctx, sc.token) },
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				_, _, found, err := s.FindToken(t.Context(), sc.token)
				require.NoError(t, err)
				return !found
			},
		},
		{
			"create role", func(ctx context.Context, s *server, _ scene) error {
				_, err := s.team.CreateRole(ctx, "editors", nil)
				return err
			},
			func(t *testing.T, s *server, _ scene) bool { t.Helper(); return named(t, s, "editors") },
		},
		{
			"rename role", func(ctx context.Context, s *server, sc scene) error {
				_, err := s.team.UpdateRole(ctx, sc.role.ID, new("viewers"), nil)
				return err
			},
			func(t *testing.T, s *server, _ scene) bool { t.Helper(); return named(t, s, "viewers") },
		},
		{
			"delete role", func(ctx context.Context, s *server, sc scene) error { return s.team.DeleteRole(ctx, sc.role.ID) },
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				_, err := s.team.Role(t.Context(), sc.role.ID)
				return errors.Is(err, mlflow.ErrNotFound)
			},
		},
		{
			"add permission", func(ctx context.Context, s *server, sc scene) error {
				_, err := s.team.AddPermission(ctx, sc.role.ID, "run", "*", "READ")
				return err
			},
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				role, err := s.team.Role(t.Context(), sc.role.ID)
				return err == nil && role.Permissions[len(role.Permissions)-1].Type == "run"
			},
		},
		{
			"remove permission", func(ctx context.Context, s *server, sc scene) error {
				return s.team.RemovePermission(ctx, directory.PermissionID(sc.role.ID, 1))
			},
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				role, err := s.team.Role(t.Context(), sc.role.ID)
				return err == nil && !slices.ContainsFunc(role.Permissions, func(p directory.Permission) bool { return p.N == 1 })
			},
		},
		{
			"assign", func(ctx context.Context, s *server, sc scene) error { return s.team.Assign(ctx, sc.ann.ID, sc.role.ID) },
			func(t *testing.T, s *server, sc scene) bool { t.Helper(); return has(t, s, sc.ann.ID, sc.role.ID) },
		},
		{
			"unassign", func(ctx context.Context, s *server, sc scene) error {
				return s.team.Unassign(ctx, sc.bob.ID, sc.role.ID)
			},
			func(t *testing.T, s *server, sc scene) bool { t.Helper(); return !has(t, s, sc.bob.ID, sc.role.ID) },
		},
		{
			"grant", func(ctx context.Context, s *server, sc scene) error {
				return s.team.Grant(ctx, sc.bob, "experiment", "13", "READ")
			},
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				return grant(t, s, sc.bob.ID, "13") == "READ"
			},
		},
		{
			"set grant", func(ctx context.Context, s *server, sc scene) error {
				return s.team.SetGrant(ctx, sc.bob, "experiment", "12", "MANAGE")
			},
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				return grant(t, s, sc.bob.ID, "12") == "MANAGE"
			},
		},
		{
			"revoke", func(ctx context.Context, s *server, sc scene) error {
				return s.team.Revoke(ctx, sc.bob, "experiment", "12")
			},
			func(t *testing.T, s *server, sc scene) bool { t.Helper(); return grant(t, s, sc.bob.ID, "12") == "" },
		},
		{
			"delete resource", func(ctx context.Context, s *server, _ scene) error {
				return s.team.DeleteResource(ctx, "experiment", "12")
			},
			func(t *testing.T, s *server, sc scene) bool {
				t.Helper()
				return len(list(t, s.team.GrantsFor(t.Context(), "experiment", "12"))) == 0 && grant(t, s, sc.ann.ID, "12") == ""
			},
		},
	}
}

func (s *server) finish(t *testing.T) {
	t.Helper()
	require.NoError(t, s.FinishDeletions(t.Context()))
	require.NoError(t, s.team.FinishDeletions(t.Context()))
}

// isSettled reports whether an error says that there is nothing left to do, or nothing
// to do it to.
func isSettled(err error) bool {
	return err == nil || errors.Is(err, mlflow.ErrAlreadyExists) || errors.Is(err, mlflow.ErrNotFound)
}

// TestStopsEverywhere: wherever an operation stops, before or after the call has had its
// effect, it is done as a whole, with its epoch, or not at all; another server ends it,
// and nothing is left over.
func TestStopsEverywhere(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			for _, applied := range []bool{false, true} {
				at := 1
				for stop(t, op, at, applied) {
					at++
				}
			}
		})
	}
}

// stop stops an operation at a call, and reports whether there was that call.
func stop(t *testing.T, op operation, at int, applied bool) bool {
	t.Helper()
	w := memory(t)
	sc := setScene(t, w)
	s, other := w.server(t), w.server(t)
	users, rights := count(t, other.team)
	require.False(t, op.done(t, other, sc))
	s.table.SetPlan(faulty.StopAt(at, applied))
	err := op.do(t.Context(), s, sc)
	stopped := s.table.Calls() >= at
	done := op.done(t, other, sc)
	require.Equal(t, err == nil, err == nil && done, "acknowledged")
	u, r := count(t, other.team)
	require.Equal(t, done, u+r == users+rights+1, "epoch")
	again := op.do(t.Context(), other, sc)
	require.True(t, isSettled(again), "%v", again)
	require.True(t, op.done(t, other, sc))
	u, r = count(t, other.team)
	require.Equal(t, users+rights+1, u+r-repeats(op.name, done), "epoch, in all")
	other.finish(t)
	w.requireConsistent(t)
	return stopped
}

// repeats is how many changes the repetition of an operation makes that was done.
func repeats(name string, done bool) int64 {
	if done && slices.Contains([]string{"set credentials", "set grant", "create token", "rename role"}, name) {
		return 1
	}
	return 0
}

// TestMeetEverywhere: whatever another server does between any two calls of an
// operation, nothing is half there.
func TestMeetEverywhere(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			for _, meets := range operations() {
				at := 1
				for meet(t, op, meets, at) {
					at++
				}
			}
		})
	}
}

// meet has an operation meet another before a call, and reports whether there was that
// call.
func meet(t *testing.T, op, meets operation, at int) (reached bool) {
	t.Helper()
	w := memory(t)
	sc := setScene(t, w)
	s, other := w.server(t), w.server(t)
	_, err := s.team.Epochs(t.Context()) // s believes to know them
	require.NoError(t, err)
	s.table.SetPlan(before(at, func() {
		reached = true
		err := meets.do(t.Context(), other, sc)
		require.True(t, isSettled(err), "%s meets %s: %v", op.name, meets.name, err)
		require.True(t, err != nil || meets.done(t, other, sc), "%s meets %s", op.name, meets.name)
	}))
	err = op.do(t.Context(), s, sc)
	require.True(t, isSettled(err), "%s meets %s: %v", op.name, meets.name, err)
	other.finish(t)
	w.requireConsistent(t)
	if err == nil && !undoes(meets.name, op.name) {
		require.True(t, op.done(t, w.server(t), sc), "%s meets %s", op.name, meets.name)
	}
	return reached
}

// undoes reports whether what one operation does is undone by another, which may come
// after it.
func undoes(later, earlier string) bool {
	switch later {
	case "delete user", "delete role", "delete resource", "revoke", "rename role":
		return true
	}
	return later == "set credentials" && earlier == later
}

// TestReborn: a deletion that is interrupted and finished after the name was given out
// again takes nothing from the new user, who has nothing of the old.
func TestReborn(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		w := memory(t)
		sc := setScene(t, w)
		s, other, ctx := w.server(t), w.server(t), t.Context()
		s.table.SetPlan(faulty.StopAt(at, true))
		err := s.DeleteUser(ctx, "bob")
		if !slices.Contains(names(t, other), "bob") {
			bob := other.mustCreate(t, "bob")
			requireBare(t, other, bob.ID)
			_, _, found, err := other.FindToken(ctx, sc.token)
			require.NoError(t, err)
			require.False(t, found)
			token := equip(t, other, bob)
			w.server(t).finish(t)
			w.requireConsistent(t)
			_, owner, found, err := other.FindToken(ctx, token)
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, bob.ID, owner.ID)
			snap, err := other.team.Snapshot(ctx, bob.ID, nil, nil)
			require.NoError(t, err)
			require.Len(t, snap.Grants, 2)
			require.Len(t, snap.Roles, 1)
		}
		if err == nil && s.table.Calls() < at {
			break
		}
	}
}

// TestWorkspaceGoes: what is given in a workspace that is deleted meanwhile, or was made
// anew, is refused, and the new one knows nothing of it.
func TestWorkspaceGoes(t *testing.T) {
	t.Parallel()
	inTeam := []string{"create role", "rename role", "delete role", "add permission", "assign", "unassign", "grant", "set grant", "revoke"}
	for _, op := range operations() {
		if !slices.Contains(inTeam, op.name) {
			continue
		}
		for _, gen := range []string{"g1", "g2"} {
			for at := 1; ; at++ {
				w := memory(t)
				sc := setScene(t, w)
				s, reached := w.server(t), false
				s.table.SetPlan(before(at, func() {
					reached = true
					w.setWorkspace(t, gen, gen == "g2")
				}))
				err := op.do(t.Context(), s, sc)
				if !reached {
					require.NoError(t, err)
					break
				}
				if err != nil { // otherwise it was there already when the workspace went
					requireError(t, err, mlflow.CodeResourceDoesNotExist, "Workspace 'team' not found")
				}
				s.table.SetPlan(nil)
				again := w.serverOf(t, "g2")
				require.Empty(t, list(t, again.team.Roles(t.Context())))
				snap, err := again.team.Snapshot(t.Context(), sc.bob.ID, nil, nil)
				require.NoError(t, err)
				require.Empty(t, snap.Grants)
				require.Empty(t, snap.Roles)
				_, rights := count(t, again.team)
				require.Zero(t, rights)
			}
		}
	}
}

// TestFillAfterInvalidation: whenever something is taken from a user while a snapshot is
// made, the snapshot has it no more, or its epochs tell that it is old.
func TestFillAfterInvalidation(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		w := memory(t)
		sc := setScene(t, w)
		s, other, reached := w.server(t), w.server(t), false
		s.table.SetPlan(before(at, func() {
			reached = true
			require.NoError(t, other.team.Revoke(t.Context(), sc.bob, "experiment", "12"))
		}))
		snap, err := s.team.Snapshot(t.Context(), sc.bob.ID, nil, nil)
		require.NoError(t, err)
		if !reached {
			require.Equal(t, 4, at, "of 3 requests")
			break
		}
		fresh, err := other.team.Epochs(t.Context())
		require.NoError(t, err)
		changes, known := fresh.Rights.Since(snap.Epochs.Rights.Number())
		require.True(t, known)
		if len(snap.Grants) > 0 {
			require.Equal(t, []directory.Change{{Subject: directory.OfAUser, ID: sc.bob.ID}}, changes)
		}
	}
}

// TestTellsOfEachChange: an epoch names what each kind of change is about.
func TestTellsOfEachChange(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		w := memory(t)
		sc := setScene(t, w)
		s := w.server(t)
		was, err := s.team.Epochs(t.Context())
		require.NoError(t, err)
		require.NoError(t, op.do(t.Context(), s, sc))
		is, err := w.server(t).team.Epochs(t.Context())
		require.NoError(t, err)
		users, known := is.Users.Since(was.Users.Number())
		require.True(t, known)
		rights, known := is.Rights.Since(was.Rights.Number())
		require.True(t, known)
		want := directory.Change{Subject: directory.OfAUser, ID: sc.bob.ID}
		switch op.name {
		case "create user", "bootstrap":
			want.ID = 3
		case "create token", "assign":
			want.ID = sc.ann.ID
		case "create role":
			want = directory.Change{Subject: directory.OfARole, ID: sc.role.ID + 1}
		case "rename role", "delete role", "add permission", "remove permission":
			want = directory.Change{Subject: directory.OfARole, ID: sc.role.ID}
		case "delete resource":
			want = directory.Change{Subject: directory.All}
		}
		require.Equal(t, []directory.Change{want}, append(users, rights...), op.name)
	}
}

// TestLostReplies: an operation whose every write is made and then reported as a
// conflict is done once.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s := w.server(t)
		bob, role := s.mustCreate(t, "bob"), s.mustRole(t, "team", "r")
		require.NoError(t, s.team.Grant(t.Context(), bob, "run", "*", "READ"))
		s.table.SetPlan(lostOnce())
		require.NoError(t, s.team.Grant(t.Context(), bob, "experiment", "1", "READ"))
		require.NoError(t, s.team.Assign(t.Context(), bob.ID, role.ID))
		require.NoError(t, s.team.Revoke(t.Context(), bob, "run", "*"))
		s.mustCreate(t, "eve")
		require.NoError(t, s.DeleteUser(t.Context(), "eve"))
		_, err := s.team.AddPermission(t.Context(), role.ID, "run", "*", "READ")
		require.NoError(t, err)
		s.table.SetPlan(nil)
		w.requireConsistent(t)
		users, rights := count(t, s.team)
		require.Equal(t, [2]int64{3, 6}, [2]int64{users, rights})
	})
}

// lostOnce loses the reply of every other transaction.
func lostOnce() faulty.Plan {
	lose := false
	return func(c faulty.Call) faulty.Fault {
		if c.Op != "Transact" {
			return faulty.Fault{}
		}
		if lose = !lose; lose {
			return faulty.Fault{After: table.ErrConflict}
		}
		return faulty.Fault{}
	}
}

// TestCrowd: servers that change one workspace at once get into each other's way and
// lose nothing.
func TestCrowd(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		const servers, each = 3, 8
		first := w.server(t)
		bob := first.mustCreate(t, "bob")
		var wg sync.WaitGroup
		errs := make(chan error, servers*each*3)
		for n := range servers {
			s := w.server(t)
			for m := range each {
				name := strconv.Itoa(n) + "-" + strconv.Itoa(m)
				wg.Go(func() {
					errs <- s.team.Grant(t.Context(), bob, "experiment", name, "READ")
					role, err := s.team.CreateRole(t.Context(), name, nil)
					errs <- err
					if err == nil {
						err = s.team.Assign(t.Context(), bob.ID, role.ID)
					}
					errs <- err
				})
			}
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		_, rights := count(t, first.team)
		require.EqualValues(t, servers*each*3, rights)
		snap, err := first.team.Snapshot(t.Context(), bob.ID, nil, nil)
		require.NoError(t, err)
		require.Len(t, snap.Grants, servers*each)
		require.Len(t, snap.Roles, servers*each)
		ids := map[int64]bool{}
		for _, r := range snap.Roles {
			ids[r.ID] = true
		}
		require.Len(t, ids, servers*each)
		w.requireConsistent(t)
	})
}

// TestCrowdBootstraps: of programs that start at once one makes the administrator.
func TestCrowdBootstraps(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		var wg sync.WaitGroup
		results := make(chan bool, 8)
		for n := range cap(results) {
			s := w.server(t)
			wg.Go(func() {
				p := directory.NewUser{Name: fmt.Sprint("admin", n%2), Credentials: &directory.Credentials{Hash: "h"}}
				made, err := s.Bootstrap(t.Context(), p)
				if err != nil {
					t.Error(err)
				}
				results <- made
			})
		}
		wg.Wait()
		close(results)
		made := 0
		for r := range results {
			if r {
				made++
			}
		}
		require.Equal(t, 1, made)
		require.Len(t, names(t, w.server(t)), 1)
		require.Equal(t, 1, w.kinds(t)[keys.KindUserName])
		w.requireConsistent(t)
	})
}
