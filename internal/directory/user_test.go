package directory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/directory"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		bob := s.mustCreate(t, "bob")
		require.EqualValues(t, 1, bob.ID)
		ann, err := s.CreateUser(ctx, directory.NewUser{
			Name: "a:nn@corp", Admin: true, Origin: directory.Origin{Kind: directory.ByOIDC, Issuer: "https://i", Subject: "s1"},
		})
		require.NoError(t, err)
		_, err = other.CreateUser(ctx, directory.NewUser{Name: "bob"})
		requireError(t, err, mlflow.CodeResourceAlreadyExists, "User (username=bob) already exists.")
		require.EqualValues(t, 2, ann.ID)

		u, c, err := other.Login(ctx, "bob")
		require.NoError(t, err)
		require.Equal(t, bob, u)
		require.Equal(t, "h-bob", c.Hash)
		require.False(t, c.Weak)
		u, c, err = other.Login(ctx, "a:nn@corp")
		require.NoError(t, err)
		require.Equal(t, ann, u)
		require.Nil(t, c)
		_, _, err = other.Login(ctx, "Bob")
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "User with username=Bob not found")
		_, err = other.UserByID(ctx, 3)
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "User with id=3 not found")
		byID, err := other.UsersByID(ctx, []int64{2, 9, 1, 2})
		require.NoError(t, err)
		require.Equal(t, map[int64]*directory.User{1: bob, 2: ann}, byID)

		u, err = other.SetAdmin(ctx, bob.ID, true)
		require.NoError(t, err)
		require.True(t, u.Admin)
		_, err = s.SetOff(ctx, bob.ID, true)
		require.NoError(t, err)
		_, err = s.SetOrigin(ctx, bob.ID, directory.Origin{Kind: directory.ByProxy, Issuer: "X-User"})
		require.NoError(t, err)
		all := list(t, other.Users(ctx))
		u, err = other.User(ctx, "bob")
		require.NoError(t, err)
		require.Equal(t, []*directory.User{u, ann}, all)
		require.True(t, u.Admin && u.Off)
		require.Equal(t, directory.Origin{Kind: directory.ByProxy, Issuer: "X-User"}, u.Origin)
		_, err = s.SetAdmin(ctx, 9, true)
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "User with id=9 not found")
		w.requireConsistent(t)
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	s := memory(t).server(t)
	for _, tc := range []struct{ name, text string }{
		{"", "Username cannot be empty."},
		{"a:b", "Username 'a:b' contains a colon: nobody could log in with it."},
		{"a\x00b", "'Username' cannot contain NUL (0x00) characters"},
		{"a\nb", "'Username' cannot contain control characters"},
		{"a\xffb", "'Username' is not UTF-8"},
		{"e\u0301", "'Username' is not in Unicode's normalization form C"},
		{"__user_7__", "Username '__user_7__' uses the reserved '__user_' prefix. Choose a different name."},
		{strings.Repeat("é", 256), "'Username' exceeds the maximum length of 255 characters"},
	} {
		_, err := s.CreateUser(t.Context(), directory.NewUser{Name: tc.name})
		requireError(t, err, mlflow.CodeInvalidParameterValue, tc.text)
		if tc.name != "a:b" {
			_, err = s.User(t.Context(), tc.name)
			require.ErrorIs(t, err, mlflow.ErrNotFound)
		}
	}
	for _, name := range []string{"a b/ü#", "5", strings.Repeat("\U0001F600", 255), "é"} {
		u := s.mustCreate(t, name)
		got, err := s.User(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, u, got)
	}
	for _, tc := range []struct{ name, text string }{
		{" ", "Role name cannot be empty."},
		{"__user_x", "Role name '__user_x' uses the reserved '__user_' prefix, which is held for the per-user permission representation. Choose a different name."},
		{strings.Repeat("x", 256), "'Role name' exceeds the maximum length of 255 characters"},
	} {
		_, err := s.own.CreateRole(t.Context(), tc.name, nil)
		requireError(t, err, mlflow.CodeInvalidParameterValue, tc.text)
	}
	_, err := s.own.CreateRole(t.Context(), "r", new(strings.Repeat("x", 1025)))
	requireError(t, err, mlflow.CodeInvalidParameterValue, "'Role description' exceeds the maximum length of 1024 characters")
}

// TestCredentials: a renewed hash never takes the place of a newer password, and a weak
// password is replaced once.
func TestCredentials(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		u, err := s.CreateUser(ctx, directory.NewUser{Name: "bob", Credentials: &directory.Credentials{Hash: "old", Weak: true}})
		require.NoError(t, err)
		hash := func() directory.Credentials {
			_, c, err := other.Login(ctx, "bob")
			require.NoError(t, err)
			return directory.Credentials{Hash: c.Hash, Weak: c.Weak}
		}
		require.Equal(t, directory.Credentials{Hash: "old", Weak: true}, hash())
		replaced, err := s.ReplaceWeak(ctx, u.ID, directory.Credentials{Hash: "good"})
		require.NoError(t, err)
		require.True(t, replaced)
		replaced, err = other.ReplaceWeak(ctx, u.ID, directory.Credentials{Hash: "again"})
		require.NoError(t, err)
		require.False(t, replaced)
		require.Equal(t, directory.Credentials{Hash: "good"}, hash())
		renewed, err := s.RenewCredentials(ctx, u.ID, "good", directory.Credentials{Hash: "good2"})
		require.NoError(t, err)
		require.True(t, renewed)

		// Another server changes the password between the reads and the write.
		s.table.SetPlan(before(2, func() { require.NoError(t, other.SetCredentials(ctx, u.ID, directory.Credentials{Hash: "new"})) }))
		renewed, err = s.RenewCredentials(ctx, u.ID, "good2", directory.Credentials{Hash: "good3"})
		require.NoError(t, err)
		require.False(t, renewed)
		require.Equal(t, directory.Credentials{Hash: "new"}, hash())
		s.table.SetPlan(nil)
		err = s.SetCredentials(ctx, 9, directory.Credentials{Hash: "x"})
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "User with id=9 not found")
		w.requireConsistent(t)
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		u := s.mustCreate(t, "bob")
		digest := strings.Repeat("d", 32)
		made, err := s.CreateToken(ctx, directory.Token{
			User: u.ID, Digest: digest, Label: "ci", ReadOnly: true, Within: []string{"team"}, Expires: 1 << 33, // DynamoDB Local goes by the time of day
		})
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(made.ID, "1-"))
		require.Equal(t, clock.UnixMilli(), made.Created)
		got, owner, found, err := other.FindToken(ctx, made.ID)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, made, got)
		require.Equal(t, u, owner)

		before, _ := count(t, s.own)
		require.NoError(t, other.TouchToken(ctx, made.ID))
		after, _ := count(t, s.own)
		require.Equal(t, before, after)
		all, err := s.Tokens(ctx, u.ID)
		require.NoError(t, err)
		made.LastUse = clock.UnixMilli()
		require.Equal(t, []directory.Token{made}, all)

		old, err := s.CreateToken(ctx, directory.Token{User: u.ID, Digest: digest, Expires: clock.Unix()})
		require.NoError(t, err)
		for _, id := range []string{old.ID, "", "1-", "01-" + made.ID[2:], made.ID + "0", "-1-0000000000000000", "1-zz00000000000000", "2-0000000000000000"} {
			_, _, found, err = s.FindToken(ctx, id)
			require.NoError(t, err)
			require.False(t, found, id)
			requireError(t, s.RevokeToken(ctx, id), mlflow.CodeResourceDoesNotExist, "Token with id="+id+" not found")
			require.NoError(t, s.TouchToken(ctx, id))
		}
		require.NoError(t, s.RevokeToken(ctx, made.ID))
		_, _, found, err = other.FindToken(ctx, made.ID)
		require.NoError(t, err)
		require.False(t, found)

		_, err = s.CreateToken(ctx, directory.Token{User: 9, Digest: digest})
		requireError(t, err, mlflow.CodeResourceDoesNotExist, "User with id=9 not found")
		_, err = s.CreateToken(ctx, directory.Token{User: u.ID, Digest: digest, Within: []string{}})
		require.ErrorIs(t, err, mlflow.ErrInvalid)
		for range 100 {
			_, err = s.CreateToken(ctx, directory.Token{User: u.ID, Digest: digest})
		}
		require.NoError(t, err)
		_, err = s.CreateToken(ctx, directory.Token{User: u.ID, Digest: digest})
		requireError(t, err, mlflow.CodeInvalidParameterValue, "A user cannot have more than 100 tokens.")
	})
}

// TestDeleteUser: all of a user goes, nothing of another, and who gets the name inherits
// nothing.
func TestDeleteUser(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, ctx := w.server(t), t.Context()
		keep := s.mustCreate(t, "ann")
		equip(t, s, keep)
		want := w.kinds(t)
		bob := s.mustCreate(t, "bob")
		token := equip(t, s, bob)
		require.NoError(t, w.server(t).DeleteUser(ctx, "bob"))
		w.requireConsistent(t)
		got := w.kinds(t)
		require.Equal(t, want, got)
		requireError(t, s.DeleteUser(ctx, "bob"), mlflow.CodeResourceDoesNotExist, "User with username=bob not found")
		_, _, found, err := s.FindToken(ctx, token)
		require.NoError(t, err)
		require.False(t, found)

		again := s.mustCreate(t, "bob")
		require.Greater(t, again.ID, bob.ID)
		requireBare(t, s, again.ID)
		require.Equal(t, []string{"ann", "bob"}, names(t, s))
	})
}

// equip gives a user a token, and roles and grants in both workspaces.
func equip(t *testing.T, s *server, u *directory.User) (token string) {
	t.Helper()
	ctx := t.Context()
	made, err := s.CreateToken(ctx, directory.Token{User: u.ID, Digest: strings.Repeat("d", 32)})
	require.NoError(t, err)
	for _, in := range []string{"default", "team"} {
		role, err := s.in(in).RoleNamed(ctx, "readers")
		if errors.Is(err, mlflow.ErrNotFound) {
			role = s.mustRole(t, in, "readers")
		}
		require.NoError(t, s.in(in).Assign(ctx, u.ID, role.ID))
		require.NoError(t, s.in(in).Grant(ctx, u, "experiment", "*", "READ"))
		require.NoError(t, s.in(in).Grant(ctx, u, "experiment", "12", "EDIT"))
	}
	return made.ID
}

// requireBare: a user has nothing.
func requireBare(t *testing.T, s *server, user int64) {
	t.Helper()
	ctx := t.Context()
	tokens, err := s.Tokens(ctx, user)
	require.NoError(t, err)
	require.Empty(t, tokens)
	for _, in := range []string{"default", "team"} {
		snap, err := s.in(in).Snapshot(ctx, user, nil, nil)
		require.NoError(t, err)
		require.Empty(t, snap.Roles)
		require.Empty(t, snap.Grants)
		for _, g := range list(t, s.in(in).GrantsFor(ctx, "experiment", "12")) {
			require.NotEqual(t, user, g.User)
		}
	}
	members, err := s.Memberships(ctx, user)
	require.NoError(t, err)
	require.Equal(t, []directory.Membership{{Workspace: "default"}}, members)
}

// TestDeleteUserOfMany: a deletion removes so many rows itself, and leaves the others.
func TestDeleteUserOfMany(t *testing.T) {
	t.Parallel()
	w := memory(t)
	s, ctx := w.server(t), t.Context()
	bob := s.mustCreate(t, "bob")
	for n := range directory.InlineRows {
		ops := s.own.GrantOps(bob.ID, "experiment", string(rune('a'+n%26))+strings.Repeat("x", n/26), "MANAGE")
		require.NoError(t, w.inner.Transact(ctx, keys.Hash(string(rune(n))), ops...))
	}
	require.Equal(t, directory.InlineRows, w.kinds(t)[keys.KindGrant])
	require.NoError(t, s.DeleteUser(ctx, "bob"))
	require.Equal(t, directory.InlineRows/2, w.kinds(t)[keys.KindGrant])
	require.Empty(t, names(t, s))
	require.NoError(t, w.server(t).FinishDeletions(ctx))
	require.Zero(t, w.kinds(t)[keys.KindGrant]+w.kinds(t)[keys.KindGrantTo]+w.kinds(t)[keys.KindUserRow])
}

// TestBootstrap: one administrator is made, once.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		t.Helper()
		s, other, ctx := w.server(t), w.server(t), t.Context()
		admin := directory.NewUser{Name: "admin", Credentials: &directory.Credentials{Hash: "h", Weak: true}}
		done, err := s.Bootstrapped(ctx)
		require.NoError(t, err)
		require.False(t, done)
		// Another server starts at the same moment, at every moment.
		s.table.SetPlan(before(4, func() {
			made, err := other.Bootstrap(ctx, directory.NewUser{Name: "root", Credentials: &directory.Credentials{Hash: "h2"}})
			require.NoError(t, err)
			require.True(t, made)
		}))
		made, err := s.Bootstrap(ctx, admin)
		require.NoError(t, err)
		require.False(t, made)
		s.table.SetPlan(nil)
		require.Equal(t, []string{"root"}, names(t, s))
		u, err := s.User(ctx, "root")
		require.NoError(t, err)
		require.True(t, u.Admin)
		require.NoError(t, s.DeleteUser(ctx, "root"))
		made, err = other.Bootstrap(ctx, admin)
		require.NoError(t, err)
		require.False(t, made)
		require.Empty(t, names(t, s))
		w.requireConsistent(t)
	})
}

// TestBootstrapTaken: a user of the name stays as it is.
func TestBootstrapTaken(t *testing.T) {
	t.Parallel()
	w := memory(t)
	s, ctx := w.server(t), t.Context()
	was := s.mustCreate(t, "admin")
	for range 2 {
		made, err := s.Bootstrap(ctx, directory.NewUser{Name: "admin", Credentials: &directory.Credentials{Hash: "x"}})
		require.NoError(t, err)
		require.False(t, made)
		done, err := s.Bootstrapped(ctx)
		require.NoError(t, err)
		require.True(t, done)
	}
	is, c, err := s.Login(ctx, "admin")
	require.NoError(t, err)
	require.Equal(t, was, is)
	require.Equal(t, "h-admin", c.Hash)
}
