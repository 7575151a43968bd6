package keys_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// classified is a key of each kind, and what it says.
func classified() map[table.Key]keys.Class {
	s := keys.Workspace("w")
	a := s.ACL("5f")
	const at = 1700000000000
	long := strings.Repeat("x", 600)
	place := keys.RunRowSK(at, "r1")
	index := func(kind keys.IndexKind, name, value string) keys.Class {
		k := keys.KindRunIndex
		if kind == keys.IndexTrigram {
			k = keys.KindRunTrigram
		}
		return keys.Class{Kind: k, Workspace: "w", Experiment: "12", Run: "r1", Time: at, Index: kind, Name: name, Value: value}
	}
	ofExp := func(k keys.Kind) keys.Class { return keys.Class{Kind: k, Workspace: "w", Experiment: "12"} }
	ofModel := func(k keys.Kind, version int) keys.Class {
		return keys.Class{Kind: k, Workspace: "w", Model: "m1", Version: version}
	}
	ofRun := func(k keys.Kind) keys.Class { return keys.Class{Kind: k, Workspace: "w", Run: "r1"} }
	listed := func(k keys.Kind) keys.Class {
		return keys.Class{Kind: k, Workspace: "w", Experiment: "12", Run: "r1", Time: at}
	}
	return map[table.Key]keys.Class{
		keys.DenormalizeTags():                      {Kind: keys.KindConfig},
		keys.ExperimentDenormalizeTags("12"):        {Kind: keys.KindConfig, Experiment: "12"},
		keys.GarbageCursor("w"):                     {Kind: keys.KindConfig},
		keys.TTLPolicy():                            {Kind: keys.KindConfig},
		keys.Sequence():                             {Kind: keys.KindSequence},
		keys.WorkspaceDocument("team-a"):            {Kind: keys.KindWorkspace, Name: "team-a"},
		s.Experiment("12"):                          ofExp(keys.KindExperiment),
		s.ExperimentTag("12", "a"):                  ofExp(keys.KindExperimentTag),
		s.ExperimentName("a#b"):                     {Kind: keys.KindExperimentName, Workspace: "w"},
		s.ExperimentName(long):                      {Kind: keys.KindExperimentName, Workspace: "w"},
		s.ExperimentCreated(at, "12"):               {Kind: keys.KindExperimentList, Workspace: "w", Experiment: "12", Time: at},
		s.ExperimentUpdated(at, "12"):               {Kind: keys.KindExperimentList, Workspace: "w", Experiment: "12", Time: at, Updated: true},
		s.ExperimentCreated(at, "lab"):              {Kind: keys.KindExperimentList, Workspace: "w", Experiment: "lab", Time: at},
		s.Run("r1"):                                 ofRun(keys.KindRun),
		s.RunMetrics("r1", 0):                       ofRun(keys.KindRunMetrics),
		s.RunMetrics("r1", 17):                      ofRun(keys.KindRunMetrics),
		s.RunOverflow("r1", keys.ParamPrefix, "a"):  ofRun(keys.KindRunOverflow),
		s.RunOverflow("r1", keys.ModelPrefix, long): ofRun(keys.KindRunOverflow),
		s.Record("r1", 3, "cafe"):                   ofRun(keys.KindHistory),
		s.Dataset("12", "d", "1"):                   ofExp(keys.KindDataset),
		s.DatasetChunk("12", "d", "1", "beef", 2):   ofExp(keys.KindDataset),
		s.DatasetUse("12", "d", "1", nil):           ofExp(keys.KindDatasetUse),
		s.RunRow("12", at, "r1"):                    listed(keys.KindRunList),
		s.DeletedRow("12", at, "r1"):                listed(keys.KindDeletedRun),
		s.OpenRow("12", "r1", 7):                    {Kind: keys.KindOpenRun, Workspace: "w", Experiment: "12", Run: "r1", Gen: 7},
		s.LoggedModel("m-1"):                        {Kind: keys.KindLoggedModel, Workspace: "w", Logged: "m-1"},
		s.LoggedModelOverflow("m-1", "TAG#", "a"):   {Kind: keys.KindLoggedModelPart, Workspace: "w", Logged: "m-1"},
		s.LoggedModelPoints("m-1", "cafe"):          {Kind: keys.KindLoggedModelPart, Workspace: "w", Logged: "m-1"},
		s.LoggedModelRow("12", at, "m-1"):           {Kind: keys.KindLoggedModelList, Workspace: "w", Experiment: "12", Logged: "m-1", Time: at},
		s.LoggedModelOfRun("12", "a#b", at, "m-1"):  {Kind: keys.KindLoggedModelList, Workspace: "w", Experiment: "12", Logged: "m-1", Time: at},
		s.DeletedLoggedModel("12", at, "m-1"):       {Kind: keys.KindLoggedModelList, Workspace: "w", Experiment: "12", Logged: "m-1", Time: at},
		s.SettledRow("12", 5, "r1", 7): {
			Kind: keys.KindOpenRun, Workspace: "w", Experiment: "12", Run: "r1", Gen: 7, Settled: true, Time: 5,
		},
		s.RegisteredModel("a#b"):            {Kind: keys.KindModel, Workspace: "w"},
		s.RegisteredModel(long):             {Kind: keys.KindModel, Workspace: "w"},
		s.ModelPointer("m1"):                ofModel(keys.KindModelPointer, 0),
		s.ModelVersion("m1", 7):             ofModel(keys.KindModelVersion, 7),
		s.ModelOverflow("m1", "TAG#", long): ofModel(keys.KindModelOverflow, 0),
		s.VersionOverflow("m1", "u", "TAG#", "a#"): {
			Kind: keys.KindVersionOverflow, Workspace: "w", Model: "m1", UID: "u",
		},
		{PK: s.VersionIndexPK(keys.IndexVersionRun, "r#"), SK: keys.VersionIndexSK("m1", 7)}: {
			Kind: keys.KindVersionIndex, Workspace: "w", Model: "m1", Version: 7, Index: keys.IndexVersionRun, Name: "r#",
		},
		{PK: s.TrigramPK("f"), SK: keys.IndexSK("#b#", keys.ModelPlace(at, "m1"))}: {
			Kind: keys.KindModelTrigram, Workspace: "w", Model: "m1", Time: at, Index: keys.IndexTrigram, Name: "f", Value: "#b#",
		},
		keys.Epoch():                            {Kind: keys.KindEpoch},
		keys.Bootstrap():                        {Kind: keys.KindBootstrap},
		keys.UserSequence():                     {Kind: keys.KindAuthSequence},
		keys.RoleSequence():                     {Kind: keys.KindAuthSequence},
		keys.UserName("a#b"):                    {Kind: keys.KindUserName},
		keys.UserName(long):                     {Kind: keys.KindUserName},
		keys.UserDocument(7):                    {Kind: keys.KindUser, User: "7"},
		keys.UserToken(7, "cafe"):               {Kind: keys.KindToken, User: "7"},
		keys.UserCredentials(7):                 {Kind: keys.KindCredentials, User: "7"},
		keys.UserRow(7):                         {Kind: keys.KindUserRow},
		keys.Member(7, "w"):                     {Kind: keys.KindMember, User: "7"},
		keys.RoleBlock(0):                       {Kind: keys.KindRoleBlock},
		a.Epoch():                               {Kind: keys.KindACLEpoch, Workspace: "w"},
		a.RoleIDs():                             {Kind: keys.KindRoleIDs, Workspace: "w"},
		a.Role(9):                               {Kind: keys.KindRole, Workspace: "w"},
		a.RoleName("a#b"):                       {Kind: keys.KindRoleName, Workspace: "w"},
		a.GoneRole(9):                           {Kind: keys.KindGoneRole, Workspace: "w"},
		a.Assignment(9, 7):                      {Kind: keys.KindAssignment, Workspace: "w", User: "7"},
		a.UserRoles(7):                          {Kind: keys.KindUserRoles, Workspace: "w", User: "7"},
		a.Grant(7, "run", "*"):                  {Kind: keys.KindGrant, Workspace: "w", User: "7"},
		a.Grant(7, "scorer", "1/a#b"):           {Kind: keys.KindGrant, Workspace: "w", User: "7"},
		a.GrantTo("scorer", "1/a#b", 7):         {Kind: keys.KindGrantTo, Workspace: "w", User: "7"},
		s.ACL("").GrantTo("experiment", "*", 7): {Kind: keys.KindGrantTo, Workspace: "w", User: "7"},
		indexKey(s, keys.IndexMetric, "a#b", "1", place):   index(keys.IndexMetric, "a#b", "1"),
		indexKey(s, keys.IndexParam, "OPEN", "x#", place):  index(keys.IndexParam, "OPEN", "x#"),
		indexKey(s, keys.IndexTag, long, "#", place):       index(keys.IndexTag, "", "#"),
		indexKey(s, keys.IndexDataset, "name", "d", place): index(keys.IndexDataset, "name", "d"),
		indexKey(s, keys.IndexTrigram, "n", "#a#", place):  index(keys.IndexTrigram, "n", "#a#"),
		{PK: s.TrigramPK("f#"), SK: keys.IndexSK("ab#", keys.ExperimentPlace(at, "12"))}: {
			Kind: keys.KindExperimentTrigram, Workspace: "w", Experiment: "12", Time: at,
			Index: keys.IndexTrigram, Name: "f#", Value: "ab#",
		},
	}
}

func indexKey(s keys.Space, kind keys.IndexKind, name, value, place string) table.Key {
	return table.Key{PK: s.IndexPK("12", kind, name), SK: keys.IndexSK(value, place)}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	s, long := keys.Workspace("w"), strings.Repeat("x", keys.MaxPart+1)
	for k, want := range classified() {
		require.Equal(t, want, keys.Classify(k), "%q %q", k.PK, k.SK)
	}
	for _, k := range []table.Key{
		{PK: "x", SK: "y"},
		{PK: "SEQ", SK: "x"},
		{PK: "WS#w", SK: "META"},
		{PK: "WS##EXPS", SK: "C#"},
		{PK: "WS#w#EXP#", SK: "META"},
		{PK: "WS#w#EXP#1", SK: "x"},
		{PK: "WS#w#EXP#1#RUNS", SK: "x"},
		{PK: "WS#w#EXP#1#OPEN", SK: "x"},
		{PK: "WS#w#EXP#1#IX#m#x", SK: "x#y#z"},
		{PK: "WS#w#RUN#", SK: "META"},
		{PK: "WS#w#RUN#a#b", SK: "META"},
		{PK: s.RunPK("") + long, SK: "METRICS"},
		{PK: s.HistoryPK("") + long, SK: "x"},
		{PK: s.LoggedModelPK("") + long, SK: "META"},
		{PK: "WS#w#TRI#=f", SK: "abc"},
		{PK: "WS#w#NAMES", SK: "x"},
		{PK: "WS#w#EXPS", SK: "C#1"},
		{PK: "WS#w#NAMES", SK: "MODEL#x"},
		{PK: "WS#w#MODEL#", SK: "META"},
		{PK: "WS#w#MODEL#1", SK: "V#1"},
		{PK: "WS#w#MODEL#1", SK: "P##x"},
		{PK: "WS#w#MODELS#IX#r#x", SK: "m#8000000000000001"},
		{PK: "WS#w#MODELS#IX#r#=x", SK: "m#8000000000000000"},
		{PK: "AUTH", SK: "x"},
		{PK: "AUTH#USERS", SK: "7"},
		{PK: "AUTH#N#bob", SK: "META"},
		{PK: "AUTH#U#07", SK: "META"},
		{PK: "AUTH#U#7", SK: "x"},
		{PK: "AUTH#U#7", SK: "T#"},
		{PK: "AUTH#C#7", SK: "T#x"},
		{PK: "AUTH#M#7", SK: "META"},
		{PK: "WS#w#ACL#", SK: "EPOCH"},
		{PK: "WS#w#ACL#5f", SK: "x"},
		{PK: "WS#w#ACL#5f", SK: "R#9"},
		{PK: "WS#w#ACL#5f#U#7", SK: "OX#run"},
		{PK: "WS#w#ACL#5f#U#x", SK: "META"},
		{PK: "WS#w#ACL#5f#R#run", SK: "8000000000000007"},
	} {
		require.Equal(t, keys.Class{Kind: keys.KindOther}, keys.Classify(k), "%q %q", k.PK, k.SK)
	}
}

// TestClassifyGolden: every key that tables hold is known.
func TestClassifyGolden(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("testdata/keys.golden")
	require.NoError(t, err)
	for line := range strings.Lines(string(golden)) {
		pk, sk, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		require.True(t, ok)
		require.NotEqual(t, keys.KindOther, keys.Classify(table.Key{PK: pk, SK: sk}).Kind, line)
	}
}

// TestKindsAreInTheItemMap: the package comment has a line of each kind.
func TestKindsAreInTheItemMap(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, c := range classified() {
		require.Contains(t, string(doc), "//	"+string(c.Kind)+" ")
	}
}

// FuzzClassify: what a key says is enough to build its partition again.
func FuzzClassify(f *testing.F) {
	for k := range classified() {
		f.Add(k.PK, k.SK)
	}
	f.Fuzz(func(t *testing.T, pk, sk string) {
		k := table.Key{PK: pk, SK: sk}
		c := keys.Classify(k)
		s := keys.Workspace(c.Workspace)
		switch c.Kind {
		case keys.KindOther:
			require.Equal(t, keys.Class{Kind: keys.KindOther}, c)
		case keys.KindConfig:
			require.Equal(t, "CONFIG", pk)
		case keys.KindSequence:
			require.Equal(t, k, keys.Sequence())
		case keys.KindWorkspace:
			require.Equal(t, k, keys.WorkspaceDocument(c.Name))
		case keys.KindExperiment, keys.KindExperimentTag:
			require.Equal(t, s.Experiment(c.Experiment).PK, pk)
		case keys.KindExperimentName:
			require.Equal(t, s.ExperimentName("").PK, pk)
		case keys.KindExperimentList:
			require.Equal(t, s.ExperimentsPK(), pk)
		case keys.KindRun, keys.KindRunMetrics, keys.KindRunOverflow:
			require.Equal(t, s.RunPK(c.Run), pk)
		case keys.KindLoggedModel, keys.KindLoggedModelPart:
			require.Equal(t, s.LoggedModelPK(c.Logged), pk)
		case keys.KindLoggedModelList:
			require.Equal(t, s.LoggedModelsPK(c.Experiment), pk)
		case keys.KindDataset:
			require.Equal(t, s.Dataset(c.Experiment, "", "").PK, pk)
		case keys.KindDatasetUse:
			require.Equal(t, s.DatasetUsesPK(c.Experiment), pk)
		case keys.KindHistory:
			require.Equal(t, s.HistoryPK(c.Run), pk)
		case keys.KindRunList:
			require.Equal(t, k, s.RunRow(c.Experiment, c.Time, c.Run))
		case keys.KindOpenRun:
			want := s.OpenRow(c.Experiment, c.Run, c.Gen)
			if c.Settled {
				want = s.SettledRow(c.Experiment, c.Time, c.Run, c.Gen)
			}
			require.Equal(t, want, table.Key{PK: pk, SK: sk})
		case keys.KindDeletedRun:
			require.Equal(t, k, s.DeletedRow(c.Experiment, c.Time, c.Run))
		case keys.KindRunIndex, keys.KindRunTrigram:
			require.Equal(t, keys.IndexSK(c.Value, keys.RunRowSK(c.Time, c.Run)), sk)
			if c.Name != "" && len(c.Name) <= 512 {
				require.Equal(t, s.IndexPK(c.Experiment, c.Index, c.Name), pk)
			}
		case keys.KindModel:
			require.Equal(t, s.RegisteredModel("").PK, pk)
		case keys.KindModelPointer, keys.KindModelOverflow, keys.KindVersionOverflow:
			require.Equal(t, s.ModelPK(c.Model), pk)
		case keys.KindModelVersion:
			require.Equal(t, k, s.ModelVersion(c.Model, c.Version))
		case keys.KindVersionIndex:
			require.Equal(t, keys.VersionIndexSK(c.Model, c.Version), sk)
			if c.Name != "" && len(c.Name) <= 512 {
				require.Equal(t, s.VersionIndexPK(c.Index, c.Name), pk)
			}
		case keys.KindExperimentTrigram, keys.KindModelTrigram:
			if c.Name != "" && len(c.Name) <= 512 {
				require.Equal(t, s.TrigramPK(c.Name), pk)
			}
		case keys.KindEpoch, keys.KindBootstrap, keys.KindAuthSequence, keys.KindUserName, keys.KindUserRow, keys.KindRoleBlock:
			require.True(t, strings.HasPrefix(pk, "AUTH"))
			require.Empty(t, c.User)
		case keys.KindUser, keys.KindToken, keys.KindCredentials, keys.KindMember:
			require.True(t, strings.HasPrefix(pk, "AUTH#") && strings.HasSuffix(pk, "#"+c.User))
		case keys.KindACLEpoch, keys.KindRoleIDs, keys.KindRole, keys.KindRoleName, keys.KindGoneRole, keys.KindAssignment:
			require.Equal(t, 1, strings.Count(strings.TrimPrefix(pk, s.Prefix()), "#"))
		case keys.KindUserRoles, keys.KindGrant:
			require.True(t, strings.HasPrefix(pk, s.Prefix()+"ACL#") && strings.HasSuffix(pk, "#U#"+c.User))
		case keys.KindGrantTo:
			require.True(t, strings.HasPrefix(pk, s.Prefix()+"ACL#"))
			require.NotEmpty(t, c.User)
		default:
			t.Fatalf("kind %q", c.Kind)
		}
	})
}
