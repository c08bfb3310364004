/** Where the packages of a lock are installed. */
export declare function testPackages(name: string): string;
