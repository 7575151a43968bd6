package directory

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func drawPermission(t *rapid.T) Permission {
	return Permission{
		N: rapid.IntRange(0, 1<<permissionBits-1).Draw(t, "n"), Type: rapid.String().Draw(t, "type"),
		Pattern: rapid.String().Draw(t, "pattern"), Level: rapid.String().Draw(t, "level"),
	}
}

// TestPackPermissions: what was packed comes back.
func TestPackPermissions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawPermission), 1, 20).Draw(t, "list")
		got, err := unpackPermissions(packPermissions(list))
		require.NoError(t, err)
		require.Equal(t, list, got)
	})
	// What is stored does not change.
	require.Equal(t, "\x01\xac\x02\x03run\x01*\x04READ\x01\x05trace\x02ab\x04DENY",
		packPermissions([]Permission{{300, "run", "*", "READ"}, {1, "trace", "ab", "DENY"}}))
}

func FuzzUnpackPermissions(f *testing.F) {
	f.Add("\x01\xac\x02\x03run\x01*\x04READ")
	f.Add("\x02")
	f.Add("")
	f.Fuzz(func(t *testing.T, packed string) {
		list, err := unpackPermissions(packed)
		if err != nil {
			return
		}
		again, err := unpackPermissions(packPermissions(list))
		require.NoError(t, err)
		require.Equal(t, list, again)
	})
}

// TestIDs: ids tell what they were made of, no two kinds are alike, and none passes what
// a number of JavaScript holds exactly.
func TestIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.Int64Range(1, hiddenRoles-1).Draw(t, "role")
		user := rapid.Int64Range(1, 1<<userBits-1).Draw(t, "user")
		n := rapid.IntRange(1, 1<<permissionBits-1).Draw(t, "n")
		typ, pattern := rapid.String().Draw(t, "type"), rapid.String().Draw(t, "pattern")

		_, hidden := UserOfRole(role)
		require.False(t, hidden)
		id, _ := HiddenRole(user)
		got, hidden := UserOfRole(id)
		require.True(t, hidden)
		require.Equal(t, user, got)

		permission := PermissionID(role, n)
		require.Less(t, permission, int64(1)<<53)
		_, direct := userOfGrant(permission)
		require.False(t, direct)
		require.Equal(t, role, permission>>permissionBits)
		grant := GrantID(user, typ, pattern)
		require.Less(t, grant, int64(1)<<53)
		got, direct = userOfGrant(grant)
		require.True(t, direct)
		require.Equal(t, user, got)
		require.Equal(t, AssignmentID(role, user)>>userBits, role)
	})
	require.EqualValues(t, 65537, PermissionID(1, 1))
	require.EqualValues(t, 4503600149267139, GrantID(7, "experiment", "12"))
}

// TestEpoch: an epoch tells what came after an earlier one, up to so many changes.
func TestEpoch(t *testing.T) {
	t.Parallel()
	var e *Epoch
	require.Zero(t, e.Number())
	changes, known := e.Since(0)
	require.True(t, known)
	require.Empty(t, changes)
	var all []Change
	for n := range 200 {
		c := Change{Subject(n % 3), int64(n) << 40 & (1<<56 - 1)}
		all = append(all, c)
		e = e.next(c)
		require.EqualValues(t, n+1, e.Number())
		for _, back := range []int{0, 1, 5, 64, 65} {
			changes, known := e.Since(e.Number() - int64(back))
			require.Equal(t, back <= min(64, n+1), known, "%d changes, %d back", n+1, back)
			if known {
				require.Equal(t, append([]Change(nil), all[n+1-back:]...), changes)
			}
		}
	}
	_, known = e.Since(201)
	require.False(t, known, "of another counter")
	require.LessOrEqual(t, len(e.log), keptChanges*changeSize)
}

func TestPackChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := Change{Subject(rapid.IntRange(0, 255).Draw(t, "subject")), rapid.Int64Range(0, 1<<56-1).Draw(t, "id")}
		require.Equal(t, c, unpackChange(packChange(c)))
	})
	require.Equal(t, "\x01\x00\x00\x00\x00\x00\x02\x01", packChange(Change{OfAUser, 513}))
}
