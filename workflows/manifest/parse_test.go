package manifest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func TestParseReadsEveryField(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		want manifest.Entry
	}{
		"VendorAdd": {sampleAdd, manifest.Entry{
			Operation: manifest.Add, ProductID: "1000", PicName: "girlCloth/girl_cloth8.jpg",
			CustomContent: new("k1:v1,k2:v2,k3:v3"), CategoryID: new(0), IntAttrs: [4]*int32{new(int32(0))},
			StrAttrs: [4]*string{new("spring")}, Crop: new(true), Region: &manifest.Region{X1: 20, X2: 40, Y1: 60, Y2: 80},
		}},
		"VendorDeletePicture": {`{"OperationType":"DELETE","ProductId":"1000","PicName":"1.jpg"}`,
			manifest.Entry{Operation: manifest.Delete, ProductID: "1000", PicName: "1.jpg"}},
		"VendorDeleteProduct": {`{"OperationType":"DELETE","ProductId":"1001"}`,
			manifest.Entry{Operation: manifest.Delete, ProductID: "1001"}},
		"VendorEightAttributes": {`{"OperationType": "ADD", "ProductId": "1", "PicName": "a.jpg", "CategoryId": 88888888,
			"IntAttr": 1, "IntAttr2": 2, "IntAttr3": -2147483648, "IntAttr4": 2147483647,
			"StrAttr": "a", "StrAttr2": "b", "StrAttr3": "", "StrAttr4": "d", "CustomContent": ""}`,
			manifest.Entry{Operation: manifest.Add, ProductID: "1", PicName: "a.jpg", CategoryID: new(88888888), CustomContent: new(""),
				IntAttrs: [4]*int32{new(int32(1)), new(int32(2)), new(int32(-2147483648)), new(int32(2147483647))},
				StrAttrs: [4]*string{new("a"), new("b"), new(""), new("d")}}},
		"OnlyWhatIsRequired": {`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg"}`,
			manifest.Entry{Operation: manifest.Add, ProductID: "1", PicName: "a.jpg"}},
		"NullIsAbsent": {`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","CustomContent":null,"CategoryId":null,"IntAttr":null,"StrAttr":null,"Crop":null,"Region":null}`,
			manifest.Entry{Operation: manifest.Add, ProductID: "1", PicName: "a.jpg"}},
		"Coercions": {`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","CategoryId":"20","IntAttr":"0","IntAttr2":5.0,"IntAttr3":1.5e1,"IntAttr4":"-7","Crop":"false","Region":" 1, 2 ,3,4 "}`,
			manifest.Entry{Operation: manifest.Add, ProductID: "1", PicName: "a.jpg", CategoryID: new(20), Crop: new(false),
				IntAttrs: [4]*int32{new(int32(0)), new(int32(5)), new(int32(15)), new(int32(-7))}, Region: &manifest.Region{X1: 1, X2: 2, Y1: 3, Y2: 4}}},
		"EscapesInKeysAndValues": {`{"Operation\u0054ype":"\u0041DD","ProductId":"\u9152\/\ud83d\ude00","PicName":"a\"b.jpg","CustomContent":"\b\f\n\r\t\\"}`,
			manifest.Entry{Operation: manifest.Add, ProductID: "酒/😀", PicName: `a"b.jpg`, CustomContent: new("\b\f\n\r\t\\")}},
		"DeleteIgnoresOtherFields": {`{"OperationType":"DELETE","ProductId":"1","PicName":"a.jpg","CategoryId":999,"IntAttr":{},"StrAttr":[1],"Crop":7,"Region":"no","CustomContent":5}`,
			manifest.Entry{Operation: manifest.Delete, ProductID: "1", PicName: "a.jpg"}},
		"SpaceAround": {" \t{ \"OperationType\" : \"DELETE\" , \"ProductId\" : \"1\" } \r",
			manifest.Entry{Operation: manifest.Delete, ProductID: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, warnings, problem := manifest.Parse([]byte(test.line), manifest.Rules{})
			if problem != nil || len(warnings) > 0 {
				t.Fatalf("problem %v, warnings %v; want none", problem, warnings)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// with is a good ADD line in which fields are replaced or added: the last
// occurrence counts, and the fields of the test stand last.
func with(fields string) string {
	return `{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg",` + fields + `}`
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("é", n) }
	for name, test := range map[string]struct {
		line   string
		want   contract.Code
		reason string
	}{
		"Empty":               {"", "InvalidMetaItem", "the line is empty"},
		"NotJSON":             {"OperationType=ADD", "InvalidMetaItem", "not with an object"},
		"Cut":                 {`{"OperationType":"ADD"`, "InvalidMetaItem", "ends in the middle"},
		"SingleQuotes":        {`{'OperationType':'ADD'}`, "InvalidMetaItem", "not JSON, at byte 2"},
		"SmartQuotes":         {"{“OperationType”:“ADD”,“ProductId”:“p1”,“PicName”:“a.jpg”}", "InvalidMetaItem", `not JSON, at byte 2: “ U+201C (a typographic quotation mark; JSON has " alone) looking for beginning of object key string`},
		"SmartQuoteOfValue":   {"{\"OperationType\":”ADD\"}", "InvalidMetaItem", "” U+201D (a typographic quotation mark"},
		"SmartApostrophe":     {"{‘OperationType’:‘ADD’}", "InvalidMetaItem", "‘ U+2018 (a typographic apostrophe"},
		"NoBreakSpace":        {"{\u00a0\"OperationType\":\"ADD\"}", "InvalidMetaItem", "at byte 2: U+00A0 (a space of another width"},
		"WideSpace":           {"{\"OperationType\":\u3000\"ADD\"}", "InvalidMetaItem", "U+3000 (a space of another width"},
		"ZeroWidthSpace":      {"{\"OperationType\"\u200b:\"ADD\"}", "InvalidMetaItem", "U+200B (a character that is not seen; remove it) after object key"},
		"MarkInside":          {"{\ufeff\"OperationType\":\"ADD\"}", "InvalidMetaItem", "U+FEFF (a character that is not seen"},
		"RightToLeft":         {"{\u202e\"OperationType\":\"ADD\"}", "InvalidMetaItem", "U+202E (a character that is not seen"},
		"LineSeparator":       {"{\"OperationType\":\"ADD\"\u2028}", "InvalidMetaItem", "U+2028 (a line separator"},
		"WideColon":           {"{\"OperationType\"：\"ADD\"}", "InvalidMetaItem", "： U+FF1A (a wide colon; JSON has :)"},
		"WideComma":           {"{\"OperationType\":\"ADD\"，\"ProductId\":\"1\"}", "InvalidMetaItem", "， U+FF0C (a wide comma"},
		"Letter":              {"{é}", "InvalidMetaItem", "at byte 2: é U+00E9 looking"},
		"Emoji":               {"{\"a\":😀}", "InvalidMetaItem", "😀 U+1F600 looking"},
		"CombiningMark":       {"{\u0301}", "InvalidMetaItem", "at byte 2: U+0301 looking"},
		"RawTab":              {with("\"StrAttr\":\"a\tb\""), "InvalidMetaItem", "U+0009 (a tab; write \\t inside of a string) in string literal"},
		"RawControl":          {with("\"StrAttr\":\"a\x01b\""), "InvalidMetaItem", "U+0001 in string literal"},
		"RawZero":             {"{\x00\"OperationType\"", "InvalidMetaItem", "U+0000 (zero)"},
		"BadEscape":           {with(`"StrAttr":"C:\é"`), "InvalidMetaItem", "é U+00E9 in string escape code"},
		"Apostrophe":          {`{'a':1}`, "InvalidMetaItem", `at byte 2: '\'' looking for beginning`},
		"QuoteTwice":          {`{"a":"b""}`, "InvalidMetaItem", `'"' after object key:value pair`},
		"StartsWithSpace":     {"\u00a0{}", "InvalidMetaItem", "starts with U+00A0 (a space of another width"},
		"StartsWithMark":      {"\ufeff{}", "InvalidMetaItem", "starts with U+FEFF (a character that is not seen; remove it) and not with an object"},
		"StartsWithQuote":     {"“a”", "InvalidMetaItem", "starts with “ U+201C (a typographic quotation mark"},
		"StartsWithBrace":     {"｛}", "InvalidMetaItem", "starts with ｛ U+FF5B (a wide brace"},
		"EndsWithSpace":       {with(`"IntAttr":1`) + "\u00a0", "InvalidMetaItem", "after the object there is U+00A0"},
		"EndsWithInvisible":   {with(`"IntAttr":1`) + "\u200b", "InvalidMetaItem", "after the object there is U+200B"},
		"TrailingComma":       {with(`"IntAttr":1`) + ",", "InvalidMetaItem", `there is ","`},
		"TwoObjects":          {with(`"IntAttr":1`) + " " + with(`"IntAttr":2`), "InvalidMetaItem", "more than one object"},
		"Array":               {`[{"OperationType":"ADD"}]`, "InvalidMetaItem", "no JSON array"},
		"Number":              {`12`, "InvalidMetaItem", "not with an object"},
		"BadUTF8":             {with("\"StrAttr\":\"\xff\""), "InvalidMetaItem", "not UTF-8 from byte 69"},
		"HalfSurrogate":       {with(`"StrAttr":"\ud800x"`), "InvalidMetaItem", "surrogate"},
		"HalfSurrogatePair":   {with(`"StrAttr":"\ud800\u0041"`), "InvalidMetaItem", "surrogate"},
		"HalfSurrogateInKey":  {with(`"\ude00":1`), "InvalidMetaItem", "surrogate"},
		"DeepNesting":         {with(`"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), "InvalidMetaItem", "depth"},
		"NoOperation":         {`{"ProductId":"1","PicName":"a.jpg"}`, "InvalidMetaItem", "OperationType is missing"},
		"KeyInOtherCase":      {`{"operationtype":"ADD","ProductId":"1","PicName":"a.jpg"}`, "InvalidMetaItem", "OperationType is missing"},
		"OperationUpdate":     {with(`"OperationType":"UPDATE"`), "InvalidMetaItem", "an ADD of the same"},
		"OperationUnknown":    {with(`"OperationType":"PUT\u0007"`), "InvalidMetaItem", `"PUT\a"`},
		"OperationNumber":     {with(`"OperationType":1`), "InvalidMetaItem", "a number"},
		"NoProduct":           {`{"OperationType":"ADD","PicName":"a.jpg"}`, "NoSpecifiedProductId", "missing"},
		"EmptyProduct":        {with(`"ProductId":""`), "NoSpecifiedProductId", "missing"},
		"NullProduct":         {with(`"ProductId":null`), "NoSpecifiedProductId", "missing"},
		"ProductList":         {with(`"ProductId":["1"]`), "InvalidMetaItem", "ProductId is an array"},
		"ProductFraction":     {with(`"ProductId":1.5`), "InvalidMetaItem", "ProductId is a number"},
		"ProductLong":         {with(`"ProductId":"` + long(513) + `"`), "InvalidProductId", "513 characters and the limit is 512"},
		"ProductControl":      {with(`"ProductId":"a\u0000b"`), "InvalidProductId", "U+0000 at byte 2"},
		"NoPicture":           {`{"OperationType":"ADD","ProductId":"1"}`, "NoSpecifiedPicName", "missing"},
		"EmptyPicture":        {with(`"PicName":""`), "NoSpecifiedPicName", "missing"},
		"PictureLong":         {with(`"PicName":"` + strings.Repeat("a", 509) + `.jpg"`), "InvalidPicName", "513 characters and the limit is 512"},
		"PictureManyBytes":    {with(`"PicName":"` + strings.Repeat("酒", 340) + `.jpg"`), "InvalidPicName", "1024 bytes"},
		"PictureAbsolute":     {with(`"PicName":"/a.jpg"`), "InvalidPicName", "slash"},
		"PictureParent":       {with(`"PicName":"a/../b.jpg"`), "InvalidPicName", `".."`},
		"PictureHere":         {with(`"PicName":"./b.jpg"`), "InvalidPicName", `"."`},
		"PictureBackslash":    {with(`"PicName":"a\\b.jpg"`), "InvalidPicName", "backslash"},
		"PictureControl":      {with(`"PicName":"a\u009fb.jpg"`), "InvalidPicName", "U+009F"},
		"PictureNoExtension":  {with(`"PicName":"a.b/cloth"`), "InvalidPicName", "extension"},
		"PictureOnlyDot":      {with(`"PicName":"a/.jpg"`), "InvalidPicName", "extension"},
		"PictureDotAtEnd":     {with(`"PicName":"cloth."`), "InvalidPicName", "extension"},
		"PictureFolder":       {with(`"PicName":"a.b/"`), "InvalidPicName", "extension"},
		"DeleteEmptyPicture":  {with(`"OperationType":"DELETE","PicName":""`), "InvalidPicName", `PicName is ""`},
		"DeleteNullPicture":   {with(`"OperationType":"DELETE","PicName":null`), "InvalidPicName", "PicName is null"},
		"DeleteMisspelt":      {`{"OperationType":"DELETE","ProductId":"1","picName":"a.jpg"}`, "InvalidPicName", `"picName" is not known`},
		"DeleteSnakeCase":     {`{"OperationType":"DELETE","ProductId":"1","pic_name":"a.jpg"}`, "InvalidPicName", `"pic_name" is not known`},
		"DeleteUnknownField":  {`{"OperationType":"DELETE","ProductId":"1","PicNames":"a.jpg"}`, "InvalidPicName", `"PicNames" is not known and PicName is missing; name the picture under PicName, or leave every field but`},
		"DeleteUnknownNull":   {`{"OperationType":"DELETE","ProductId":"1","Picture":null}`, "InvalidPicName", `"Picture" is not known`},
		"DeleteUnknownFirst":  {`{"ImageName":["a.jpg"],"OperationType":"delete","ProductId":1}`, "InvalidPicName", `"ImageName" is not known`},
		"DeleteEmptyKey":      {`{"OperationType":"DELETE","ProductId":"1","":"a.jpg"}`, "InvalidPicName", `"" is not known`},
		"DeleteInvisibleKey":  {`{"OperationType":"DELETE","ProductId":"1","PicName\u200b":"a.jpg"}`, "InvalidPicName", `"PicName\u200b" is not known`},
		"DeleteNamesNearest":  {`{"OperationType":"DELETE","ProductId":"1","x":1,"picName":"a.jpg"}`, "InvalidPicName", `"picName" is not known`},
		"DeleteNullAndMore":   {`{"OperationType":"DELETE","ProductId":"1","PicName":null,"x":1}`, "InvalidPicName", "PicName is null"},
		"DeleteLastNull":      {`{"OperationType":"DELETE","ProductId":"1","PicName":"a.jpg","PicName":null}`, "InvalidPicName", "PicName is null"},
		"DeleteTwoProducts":   {`{"OperationType":"DELETE","ProductId":"a.jpg","ProductId":"1"}`, "InvalidPicName", "the field ProductId more than once and no PicName"},
		"DeleteAfterAdd":      {`{"OperationType":"ADD","OperationType":"DELETE","ProductId":"1"}`, "InvalidPicName", "the field OperationType more than once"},
		"DeleteTwice":         {`{"OperationType":"DELETE","ProductId":"1","OperationType":"DELETE"}`, "InvalidPicName", "the field OperationType more than once"},
		"DeleteContent":       {`{"OperationType":"DELETE","ProductId":"1","CustomContent":"a.jpg"}`, "InvalidPicName", "has the field CustomContent and no PicName"},
		"DeleteCategory":      {`{"OperationType":"DELETE","ProductId":"1","CategoryId":0}`, "InvalidPicName", "the field CategoryId"},
		"DeleteCrop":          {`{"OperationType":"DELETE","ProductId":"1","Crop":true}`, "InvalidPicName", "the field Crop"},
		"DeleteRegion":        {`{"OperationType":"DELETE","ProductId":"1","Region":"1,2,3,4"}`, "InvalidPicName", "the field Region"},
		"DeleteIntAttr":       {`{"OperationType":"DELETE","ProductId":"1","IntAttr3":1}`, "InvalidPicName", "the field IntAttr3"},
		"DeleteStrAttr":       {`{"OperationType":"DELETE","ProductId":"1","StrAttr4":"old"}`, "InvalidPicName", "the field StrAttr4"},
		"DeleteNullAttribute": {`{"OperationType":"DELETE","ProductId":"1","StrAttr":null}`, "InvalidPicName", "the field StrAttr and"},
		"DeleteBadPicture":    {with(`"OperationType":"DELETE","PicName":"a"`), "InvalidPicName", "extension"},
		"ContentNumber":       {with(`"CustomContent":1`), "InvalidMetaItem", "CustomContent is a number"},
		"ContentLong":         {with(`"CustomContent":"` + long(4097) + `"`), "InvalidCustomContent", "4097 characters and the limit is 4096"},
		"CategoryUnknown":     {with(`"CategoryId":10`), "InvalidCategory", "10"},
		"CategoryTypo":        {with(`"CategoryId":8888888`), "InvalidCategory", "8888888,"},
		"CategoryHuge":        {with(`"CategoryId":99999999999`), "InvalidCategory", "99999999999"},
		"CategoryEmpty":       {with(`"CategoryId":""`), "InvalidCategory", `""`},
		"CategoryBoolean":     {with(`"CategoryId":true`), "InvalidMetaItem", "a boolean"},
		"IntAttrFraction":     {with(`"IntAttr":5.5`), "InvalidIntAttr", "5.5"},
		"IntAttrNearlyWhole":  {with(`"IntAttr":5.00000000000000000000000001`), "InvalidIntAttr", "5.0"},
		"IntAttrInfinite":     {with(`"IntAttr":1e400`), "InvalidIntAttr", "1e400"},
		"IntAttrEndless":      {with(`"IntAttr":1e99999999999999999999`), "InvalidIntAttr", "1e999"},
		"IntAttrTiny":         {with(`"IntAttr":1e-99999999999999999999`), "InvalidIntAttr", "1e-999"},
		"IntAttr2TooLarge":    {with(`"IntAttr2":2147483648`), "InvalidIntAttr2", "2147483648"},
		"IntAttr3TooSmall":    {with(`"IntAttr3":-2147483649`), "InvalidIntAttr3", "-2147483649"},
		"IntAttr4Word":        {with(`"IntAttr4":"five"`), "InvalidIntAttr4", `"five"`},
		"IntAttrObject":       {with(`"IntAttr":{}`), "InvalidMetaItem", "an object"},
		"StrAttrNumber":       {with(`"StrAttr":1`), "InvalidMetaItem", "StrAttr is a number"},
		"StrAttrLong":         {with(`"StrAttr":"` + long(129) + `"`), "InvalidStrAttr", "129 characters and the limit is 128"},
		"StrAttr4Long":        {with(`"StrAttr4":"` + long(129) + `"`), "InvalidStrAttr4", "129"},
		"CropNumber":          {with(`"Crop":1`), "InvalidCrop", "a number"},
		"CropWord":            {with(`"Crop":"yes"`), "InvalidCrop", `"yes"`},
		"CropCase":            {with(`"Crop":"True"`), "InvalidCrop", `"True"`},
		"RegionArray":         {with(`"Region":[20,40,60,80]`), "InvalidRegion", "an array"},
		"RegionThree":         {with(`"Region":"20,40,60"`), "InvalidRegion", "four numbers"},
		"RegionBadOrder":      {with(`"Region":"20,60,40,30"`), "InvalidRegion", "x1 must be less than x2"},
		"RegionEmptyString":   {with(`"Region":""`), "InvalidRegion", "four numbers"},
		"RegionHalfCharacter": {with(`"Region":"\ud800"`), "InvalidRegion", "four numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entry, _, problem := manifest.Parse([]byte(test.line), manifest.Rules{})
			if problem == nil {
				t.Fatalf("no problem, %+v; want %s", entry, test.want)
			}
			if problem.Code != test.want || !strings.Contains(problem.Message, test.reason) {
				t.Errorf("problem = %v; want code %s and %q in the message", problem, test.want, test.reason)
			}
			checkMessage(t, problem.Message)
			if diff := cmp.Diff(manifest.Entry{}, entry); diff != "" {
				t.Errorf("an entry beside the problem (-want +got):\n%s", diff)
			}
		})
	}
}

// checkMessage checks what holds for every message: it prints, and is short.
func checkMessage(t require, message string) {
	t.Helper()
	if message == "" || utf8.RuneCountInString(message) > 2000 || !utf8.ValidString(message) {
		t.Fatalf("message of %d bytes: %q", len(message), message)
	}
	if at := strings.IndexFunc(message, unicode.IsControl); at >= 0 {
		t.Fatalf("message holds a control character at byte %d: %q", at, message)
	}
}

func TestParseAcceptsUpToTheLimits(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"Product":        with(`"ProductId":"` + strings.Repeat("é", 512) + `"`),
		"Picture":        with(`"PicName":"` + strings.Repeat("a", 508) + `.jpg"`),
		"PictureBytes":   with(`"PicName":"` + strings.Repeat("酒", 339) + `.jpeg"`),
		"PictureNested":  with(`"PicName":"a..b/..c/d e/über.tar.gz"`),
		"Content":        with(`"CustomContent":"` + strings.Repeat("酒", 4096) + `"`),
		"ContentEscaped": with(`"CustomContent":"` + strings.Repeat(`\ud83d\ude00`, 4096) + `"`),
		"StrAttr":        with(`"StrAttr":"` + strings.Repeat("酒", 128) + `"`),
		"IntAttrDigits":  with(`"IntAttr":21474836470000000000000000e-16`),
		"IntAttrZeros":   with(`"IntAttr":-0.0e99999999999999999999`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, problem := manifest.Parse([]byte(line), manifest.Rules{}); problem != nil {
				t.Errorf("problem %v; want none", problem)
			}
		})
	}
}

func TestParseStrict(t *testing.T) {
	t.Parallel()
	content := `"CustomContent":"c",`
	for name, test := range map[string]struct {
		line string
		want contract.Code
	}{
		"Product256":          {with(content + `"ProductId":"` + strings.Repeat("é", 256) + `"`), ""},
		"Product257":          {with(content + `"ProductId":"` + strings.Repeat("é", 257) + `"`), "InvalidProductId"},
		"Picture257":          {with(content + `"PicName":"` + strings.Repeat("a", 253) + `.jpg"`), "InvalidPicName"},
		"NoContent":           {with(`"IntAttr":1`), "InvalidCustomContent"},
		"NoContentOnDelete":   {with(`"OperationType":"DELETE"`), ""},
		"SpecialCharacter":    {with(content + `"StrAttr3":"50%"`), "InvalidStrAttr3"},
		"SpecialYen":          {with(content + `"StrAttr":"¥5"`), "InvalidStrAttr"},
		"ContentMayHoldThese": {with(`"CustomContent":"$&%"`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got contract.Code
			if _, _, problem := manifest.Parse([]byte(test.line), manifest.Rules{Strict: true}); problem != nil {
				got = problem.Code
			}
			if got != test.want {
				t.Errorf("strict: code %q; want %q", got, test.want)
			}
		})
	}
}

func TestParseByServiceType(t *testing.T) {
	t.Parallel()
	line := []byte(with(`"CategoryId":{"not":"read"},"Crop":false,"Region":"1,2,3,4"`))
	generic, _, problem := manifest.Parse(line, manifest.Rules{ServiceType: contract.ServiceGeneric})
	if problem != nil || generic.CategoryID != nil || generic.Crop == nil || generic.Region == nil {
		t.Errorf("generic: %+v, problem %v; want no category, but Crop and Region", generic, problem)
	}
	line = []byte(with(`"CategoryId":999,"Crop":"?","Region":"?"`))
	fabric, _, problem := manifest.Parse(line, manifest.Rules{ServiceType: contract.ServiceFabric})
	if problem != nil || fabric.CategoryID != nil || fabric.Crop != nil || fabric.Region != nil {
		t.Errorf("fabric: %+v, problem %v; want neither category nor Crop nor Region", fabric, problem)
	}
}

func TestParseWarns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		want []contract.Code
		text string
	}{
		"UnknownField":     {with(`"Colour":"red"`), []contract.Code{"UnknownField"}, `"Colour"`},
		"FieldInOtherCase": {with(`"intattr":1`), []contract.Code{"UnknownField"}, "write IntAttr"},
		"RepeatedField":    {with(`"IntAttr":5,"IntAttr":6`), []contract.Code{"RepeatedField"}, "IntAttr is given more than once"},
		"LowerCase":        {`{"OperationType":"delete","ProductId":"1"}`, []contract.Code{"OperationCase"}, "read as DELETE"},
		"NumericNames":     {`{"OperationType":"ADD","ProductId":1000,"PicName":"a.jpg"}`, []contract.Code{"NumericName"}, "1000"},
		"DeletePicture":    {`{"OperationType":"DELETE","ProductId":"1","PicName":"a.jpg","Picture":"b.jpg"}`, []contract.Code{"UnknownField"}, `"Picture"`},
		"Special":          {with(`"StrAttr2":"a&b"`), []contract.Code{"SpecialCharacters"}, "StrAttr2"},
		"NestedUnknown":    {with(`"More":{"PicName":"x","a":["}",{"b":"\""}]}`), []contract.Code{"UnknownField"}, `"More"`},
		"TooMany":          {with(strings.Repeat(`"x":1,`, 40) + `"y":2`), append(slices.Repeat([]contract.Code{"UnknownField"}, 16), "MoreWarnings"), "25 more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, warnings, problem := manifest.Parse([]byte(test.line), manifest.Rules{})
			if problem != nil {
				t.Fatalf("problem %v; want none", problem)
			}
			var got []contract.Code
			for _, warning := range warnings {
				got = append(got, warning.Code)
				checkMessage(t, warning.Message)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if last := warnings[len(warnings)-1].Message; !strings.Contains(last, test.text) {
				t.Errorf("message %q; want %q in it", last, test.text)
			}
		})
	}
}

func TestProblemNamesWhatCouldBeRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		want manifest.Entry
	}{
		"BadOperation": {with(`"OperationType":"PUT"`), manifest.Entry{ProductID: "1", PicName: "a.jpg"}},
		"BadProduct":   {with(`"ProductId":"` + strings.Repeat("x", 9000) + `"`), manifest.Entry{Operation: manifest.Add, ProductID: strings.Repeat("x", 512), PicName: "a.jpg"}},
		"BadPicture":   {with(`"PicName":"/a.jpg"`), manifest.Entry{Operation: manifest.Add, ProductID: "1", PicName: "/a.jpg"}},
		"BadAttribute": {with(`"IntAttr":"x","CustomContent":"c"`), manifest.Entry{Operation: manifest.Add, ProductID: "1", PicName: "a.jpg"}},
		"NotJSON":      {"{", manifest.Entry{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, problem := manifest.Parse([]byte(test.line), manifest.Rules{})
			if problem == nil {
				t.Fatal("no problem")
			}
			if diff := cmp.Diff(test.want, problem.Entry); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseKeepsNothingOfTheText(t *testing.T) {
	t.Parallel()
	line := []byte(sampleAdd)
	entry, _, problem := manifest.Parse(line, manifest.Rules{})
	if problem != nil {
		t.Fatal(problem)
	}
	for i := range line {
		line[i] = '#'
	}
	again, _, _ := manifest.Parse([]byte(sampleAdd), manifest.Rules{})
	if diff := cmp.Diff(again, entry); diff != "" {
		t.Errorf("the entry changed with the buffer (-want +got):\n%s", diff)
	}
}

func TestTooLongProblem(t *testing.T) {
	t.Parallel()
	problem := manifest.TooLongProblem(1 << 30)
	if problem.Code != contract.CodeInvalidMetaItem || !strings.Contains(problem.Error(), "1073741824 bytes and the limit is 262144") {
		t.Errorf("problem = %v", problem)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		sampleAdd, with(`"IntAttr":5.0e0`), with(`"x":{"y":[1,"]"]}`), `{"OperationType":"DELETE","ProductId":"1"}`,
		"{}", `{"":"\ud83d\ude00"}`, `[{}]`, "{\"a\":\"\xff\"}", with(`"Region":"1,2,3,4","Crop":"true"`),
	} {
		f.Add([]byte(seed), 0, false)
	}
	f.Fuzz(func(t *testing.T, line []byte, service int, strict bool) {
		rules := manifest.Rules{ServiceType: contract.ServiceType(service), Strict: strict}
		before := bytes.Clone(line)
		entry, warnings, problem := manifest.Parse(line, rules)
		if !bytes.Equal(before, line) {
			t.Fatal("the text was changed")
		}
		for _, warning := range warnings {
			checkMessage(t, warning.Message)
		}
		if problem != nil {
			checkMessage(t, problem.Message)
			return
		}
		again, _, problem := manifest.Parse(manifest.Append(nil, entry), rules)
		if problem != nil {
			t.Fatalf("the line written for %+v is refused: %v", entry, problem)
		}
		if diff := cmp.Diff(entry, again); diff != "" {
			t.Fatalf("another entry (-first +again):\n%s", diff)
		}
	})
}
