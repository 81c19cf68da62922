package indextest

import (
	"fmt"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// adds is a line that stores a picture. Everything of the picture follows from
// the line and the seed, so that a test can tell which line stored it.
func adds(line int64, product, name string, seed byte) activities.Outcome {
	return activities.Outcome{
		Line: line, Offset: 100 * (line - 1), Length: 99, Ending: activities.Succeeded, Stage: activities.Indexed,
		Put: &activities.PutPicture{Picture: drawn(product, name, seed, line), CategoryGiven: true, Vector: vectorOf(seed, line), FeatureVersion: Features},
	}
}

// drawn is the picture of adds, without the version that the index gives it.
func drawn(product, name string, seed byte, line int64) contract.Picture {
	content, number, text := fmt.Sprintf("content %d/%d", seed, line), int32(line), fmt.Sprint("text ", line)
	return contract.Picture{
		ProductID: product, PicName: name, CategoryID: int(line % 8), CustomContent: &content,
		IntAttrs: [4]*int32{&number}, StrAttrs: [4]*string{nil, &text}, Region: "1,2,3,4", Width: 100, Height: 200,
	}
}

func vectorOf(seed byte, line int64) []byte {
	vector := make([]byte, 9)
	for i := range vector {
		vector[i] = byte(int64(seed)*31 + line*7 + int64(i)*int64(i)*line)
	}
	return vector
}

func deletes(line int64, product, name string) activities.Outcome {
	return activities.Outcome{Line: line, Ending: activities.Succeeded, Stage: activities.Indexed, Delete: &activities.DeletePicture{Product: product, Picture: name}}
}

func deletesProduct(line int64) activities.Outcome {
	return activities.Outcome{Line: line, Ending: activities.Succeeded, Stage: activities.Indexed}
}

func fails(line int64, code contract.Code) activities.Outcome {
	failure := failureOf(line, code)
	return activities.Outcome{Line: line, Ending: activities.Failed, Stage: activities.Fetched, Failure: &failure}
}

func failureOf(line int64, code contract.Code) activities.Failure {
	return activities.Failure{
		Line: line, Offset: 100 * (line - 1), Length: 99, Operation: "ADD", Product: "p", Picture: "x.jpg",
		Code: code, Message: "the picture is bad; replace it", Attempts: 2,
	}
}

func blank(line int64) activities.Outcome {
	return activities.Outcome{Line: line, Ending: activities.Blank}
}

func skips(line int64) activities.Outcome {
	return activities.Outcome{Line: line, Ending: activities.Skipped, Stage: activities.Fetched}
}

// doneLines are the lines of a slice that a record has as done.
func doneLines(record activities.SliceRecord, first int64, lines int) (done []int64) {
	for n := range lines {
		if record.Done.Has(n) {
			done = append(done, first+int64(n))
		}
	}
	return done
}
