package journal

// RecordBytes is the size of a record.
const RecordBytes = recordBytes

// Intact tells whether a record fits its CRC.
func Intact(b []byte) bool { return intact(b) }
