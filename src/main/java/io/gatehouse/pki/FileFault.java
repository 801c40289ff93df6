package io.gatehouse.pki;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * Why a file or a host cannot be used, for people: what the platform says is often the name alone, and of a file that is
 * written whole or not at all it is a name that nobody gave. Stateless.
 */
public final class FileFault {
    private FileFault() {}

    /** The reason without the name, which the message that it goes into has said. */
    public static String why(Exception e) {
        if (e instanceof NoSuchFileException absent) {
            return absent.getReason() == null ? "no such file or folder" : absent.getReason();
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NotDirectoryException) {
            return "not a folder";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "something of that name is there already";
        }
        if (e instanceof FileSystemException fault && fault.getReason() != null) {
            return fault.getReason();
        }
        if (e instanceof UnknownHostException) {
            return "no host of that name is known";
        }
        if (e instanceof SocketTimeoutException) {
            return "no answer in time";
        }
        if (e instanceof ConnectException || e instanceof NoRouteToHostException) {
            return "nothing answers there: " + e.getMessage();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
